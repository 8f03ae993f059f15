#include "seek_table.h"

#include <stdlib.h>

#define MAGIC_SEEKABLE 0x8F92EAB1U

enum { HEADER = 8, ENTRY = 8 };

static int append_le32(struct buf *out, uint32_t number)
{
    const unsigned char bytes[] = {(unsigned char)number, (unsigned char)(number >> 8),
                                   (unsigned char)(number >> 16), (unsigned char)(number >> 24)};
    return buf_append(out, bytes, sizeof bytes);
}

static uint32_t get_le32(const unsigned char *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

int seek_table_add(struct buf *entries, uint32_t length, uint32_t content)
{
    return append_le32(entries, length) != 0 || append_le32(entries, content) != 0 ? -1 : 0;
}

int seek_table_encode(struct buf *out, const struct buf *entries)
{
    static const unsigned char descriptor = 0; /* no checksums */
    return append_le32(out, PACK_MAGIC_SEEK_TABLE) != 0 ||
                   append_le32(out, (uint32_t)entries->length + SEEK_TABLE_FOOTER) != 0 ||
                   buf_append(out, entries->bytes, entries->length) != 0 ||
                   append_le32(out, (uint32_t)(entries->length / ENTRY)) != 0 ||
                   buf_append(out, &descriptor, 1) != 0 || append_le32(out, MAGIC_SEEKABLE) != 0
               ? -1
               : 0;
}

enum pack_error seek_table_length(const unsigned char footer[static SEEK_TABLE_FOOTER],
                                  size_t *length)
{
    const uint32_t count = get_le32(footer);
    if (get_le32(footer + 5) != MAGIC_SEEKABLE || footer[4] != 0 || count > PACK_FRAMES_MAX)
        return PACK_BAD_SEEK_TABLE;
    *length = HEADER + ENTRY * (size_t)count + SEEK_TABLE_FOOTER;
    return PACK_OK;
}

/* Whether header and footer are right for a table of this length. */
static int is_framed(const unsigned char *bytes, size_t length)
{
    size_t stated = 0;
    return length >= HEADER + SEEK_TABLE_FOOTER &&
           seek_table_length(bytes + length - SEEK_TABLE_FOOTER, &stated) == PACK_OK &&
           stated == length && get_le32(bytes) == PACK_MAGIC_SEEK_TABLE &&
           get_le32(bytes + 4) == length - HEADER;
}

/* Adds up the entries. The sums cannot overflow: 65,536 frames of less than 4 GiB. */
static enum pack_error points_fill(struct seek_table *table, const unsigned char *entry,
                                   uint64_t end)
{
    struct seek_point at = {0};
    table->points[0] = at;
    for (size_t i = 0; i < table->count; i++, entry += ENTRY) {
        const uint32_t length = get_le32(entry), content = get_le32(entry + 4);
        if (length == 0 || content > PACK_FRAME_MAX)
            return PACK_BAD_SEEK_TABLE;
        at.offset += length;
        at.content += content;
        table->points[i + 1] = at;
    }
    return at.offset == end ? PACK_OK : PACK_BAD_SEEK_TABLE;
}

enum pack_error seek_table_parse(struct seek_table *table, const unsigned char *bytes,
                                 size_t length, uint64_t file_size)
{
    seek_table_free(table);
    if (!is_framed(bytes, length) || file_size < length)
        return PACK_BAD_SEEK_TABLE;
    table->count = (length - HEADER - SEEK_TABLE_FOOTER) / ENTRY;
    table->points = calloc(table->count + 1, sizeof *table->points);
    enum pack_error error =
        table->points ? points_fill(table, bytes + HEADER, file_size - length) : PACK_NO_MEMORY;
    if (error != PACK_OK)
        seek_table_free(table);
    return error;
}

uint64_t seek_table_size(const struct seek_table *table)
{
    return table->points ? table->points[table->count].content : 0;
}

size_t seek_table_find(const struct seek_table *table, uint64_t offset)
{
    if (offset >= seek_table_size(table))
        return table->count;
    /* The frame begins at or before the offset, the one at `above` behind it. */
    size_t frame = 0, above = table->count;
    while (above - frame > 1) {
        const size_t middle = frame + (above - frame) / 2;
        if (table->points[middle].content <= offset)
            frame = middle;
        else
            above = middle;
    }
    return frame;
}

void seek_table_free(struct seek_table *table)
{
    free(table->points);
    *table = (struct seek_table){0};
}
