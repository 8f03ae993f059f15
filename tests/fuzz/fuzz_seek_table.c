/* Seek tables: what is accepted fills its file, and is encoded to the same bytes. */
#include "fuzz.h"

#include "seek_table.h"

#include <string.h>

static void table_check(const struct seek_table *table, uint64_t end)
{
    EXPECT(table->points[table->count].offset == end);
    for (size_t i = 0; i < table->count; i++) {
        const struct seek_point *frame = &table->points[i];
        EXPECT(frame[1].offset > frame->offset);
        EXPECT(frame[1].content >= frame->content);
        EXPECT(frame[1].content - frame->content <= PACK_FRAME_MAX);
        if (frame[1].content > frame->content) {
            EXPECT(seek_table_find(table, frame->content) == i);
            EXPECT(seek_table_find(table, frame[1].content - 1) == i);
        }
    }
    EXPECT(seek_table_find(table, seek_table_size(table)) == table->count);
}

static void again_try(const struct seek_table *table, const uint8_t *data, size_t size)
{
    struct buf entries = {0}, out = {0};
    for (size_t i = 0; i < table->count; i++) {
        const struct seek_point *frame = &table->points[i];
        EXPECT(seek_table_add(&entries, (uint32_t)(frame[1].offset - frame->offset),
                              (uint32_t)(frame[1].content - frame->content)) == 0);
    }
    EXPECT(seek_table_encode(&out, &entries) == 0);
    EXPECT(out.length == size && memcmp(out.bytes, data, size) == 0);
    buf_free(&entries);
    buf_free(&out);
}

/* The first four bytes are the size of the file before the table. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint32_t end = 0;
    if (size < sizeof end)
        return 0;
    memcpy(&end, data, sizeof end);
    data += sizeof end;
    size -= sizeof end;
    struct seek_table table = {0};
    size_t length = 0;
    if (size >= SEEK_TABLE_FOOTER &&
        seek_table_length(data + size - SEEK_TABLE_FOOTER, &length) == PACK_OK)
        EXPECT(length <= SEEK_TABLE_MAX);
    if (seek_table_parse(&table, data, size, (uint64_t)end + size) == PACK_OK) {
        EXPECT(length == size);
        table_check(&table, end);
        again_try(&table, data, size);
    }
    seek_table_free(&table);
    return 0;
}
