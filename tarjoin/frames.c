#include "frames.h"

#include "diag.h"
#include "seek_table.h"
#include "zstd_frame.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Most frames are a quarter of the longest or longer. */
#define SLOTS (4 * FRAMES_KEPT / PACK_FRAME_MAX)

/* A decompressed frame. */
struct slot {
    unsigned char *bytes; /* NULL: free */
    size_t length;
    size_t pack, frame;
    uint64_t used; /* when, by the number of the call */
};

struct frames {
    const struct packs *packs;
    int directory;
    struct seek_table *tables; /* one for each pack, empty until it is needed */
    struct zstd_decoder *decoder;
    struct buf compressed;
    struct slot slots[SLOTS];
    size_t kept; /* bytes in all slots */
    uint64_t calls;
};

struct frames *frames_new(const struct packs *packs, int directory)
{
    struct frames *frames = calloc(1, sizeof *frames);
    if (!frames)
        return NULL;
    frames->packs = packs;
    frames->directory = directory;
    frames->tables = calloc(packs->count + 1, sizeof *frames->tables);
    frames->decoder = zstd_frame_decoder_new();
    if (frames->tables && frames->decoder)
        return frames;
    frames_free(frames);
    return NULL;
}

static enum status pack_malformed(const char *name, enum pack_error error)
{
    if (error == PACK_NO_MEMORY)
        return diag_no_memory();
    diag_error("%s: %s", diag_name(name).text, pack_error_text(error));
    return STATUS_ARCHIVE;
}

/* Reads exactly `length` bytes at `offset`. */
static enum status range_read(int fd, const char *name, void *bytes, size_t length, uint64_t offset)
{
    size_t done = 0;
    while (done < length) {
        ssize_t got = pread(fd, (char *)bytes + done, length - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return diag_failed(name, "read");
        if (got == 0)
            return pack_malformed(name, PACK_BAD_SEEK_TABLE);
        done += (size_t)got;
    }
    return STATUS_OK;
}

static enum status pack_open(const struct frames *frames, const char *name, int *fd)
{
    *fd =
        openat(frames->directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (*fd >= 0)
        return STATUS_OK;
    if (errno != ENOENT)
        return diag_failed(name, "open");
    diag_error("%s: the pack is missing", name);
    return STATUS_ARCHIVE;
}

/* Reads the seek table of the pack, unless it was read before. */
static enum status table_load(struct frames *frames, size_t number, int fd, const char *name)
{
    struct seek_table *table = &frames->tables[number];
    struct buf *buffer = &frames->compressed;
    struct stat file;
    unsigned char footer[SEEK_TABLE_FOOTER];
    size_t length = 0;
    if (table->count > 0)
        return STATUS_OK;
    if (fstat(fd, &file) != 0)
        return diag_failed(name, "read its status");
    if (!S_ISREG(file.st_mode) || file.st_size < (off_t)sizeof footer)
        return pack_malformed(name, PACK_BAD_SEEK_TABLE);
    const uint64_t size = (uint64_t)file.st_size;
    enum status status = range_read(fd, name, footer, sizeof footer, size - sizeof footer);
    if (status != STATUS_OK)
        return status;
    enum pack_error error = seek_table_length(footer, &length);
    if (error == PACK_OK && length > size)
        error = PACK_BAD_SEEK_TABLE;
    buffer->length = 0;
    if (error == PACK_OK && buf_reserve(buffer, length) != 0)
        error = PACK_NO_MEMORY;
    if (error == PACK_OK)
        status = range_read(fd, name, buffer->bytes, length, size - length);
    if (error == PACK_OK && status == STATUS_OK)
        error = seek_table_parse(table, (const unsigned char *)buffer->bytes, length, size);
    if (error == PACK_OK && status == STATUS_OK &&
        seek_table_size(table) != frames->packs->list[number].index.size)
        error = PACK_BAD_INDEX;
    return error != PACK_OK ? pack_malformed(name, error) : status;
}

static void slot_empty(struct frames *frames, struct slot *slot)
{
    frames->kept -= slot->length;
    free(slot->bytes);
    *slot = (struct slot){0};
}

/* Frees the slot that was used least recently, unless it holds `*free`, a free one. */
static struct slot *oldest_find(struct frames *frames)
{
    struct slot *oldest = NULL;
    for (size_t i = 0; i < SLOTS; i++) {
        struct slot *slot = &frames->slots[i];
        if (slot->bytes && (!oldest || slot->used < oldest->used))
            oldest = slot;
    }
    return oldest;
}

/* Returns a free slot, after making room for `length` more bytes. */
static struct slot *slot_take(struct frames *frames, size_t length)
{
    struct slot *slot = NULL;
    while (frames->kept + length > FRAMES_KEPT)
        slot_empty(frames, oldest_find(frames));
    for (size_t i = 0; i < SLOTS && !slot; i++) {
        if (!frames->slots[i].bytes)
            slot = &frames->slots[i];
    }
    if (!slot) {
        slot = oldest_find(frames);
        slot_empty(frames, slot);
    }
    return slot;
}

/* Decompresses frame `frame` of the pack into a slot. */
static enum status frame_load(struct frames *frames, size_t number, size_t frame, int fd,
                              const char *name, struct slot **loaded)
{
    const struct seek_point *point = &frames->tables[number].points[frame];
    const size_t compressed = (size_t)(point[1].offset - point[0].offset);
    const size_t length = (size_t)(point[1].content - point[0].content);
    struct slot *slot = *loaded = slot_take(frames, length);
    frames->compressed.length = 0;
    if (buf_reserve(&frames->compressed, compressed) != 0)
        return diag_no_memory();
    enum status status = range_read(fd, name, frames->compressed.bytes, compressed, point->offset);
    if (status != STATUS_OK)
        return status;
    unsigned char *bytes = malloc(length);
    if (!bytes)
        return diag_no_memory();
    enum pack_error error =
        zstd_frame_decode(frames->decoder, frames->compressed.bytes, compressed, bytes, length);
    if (error != PACK_OK) {
        free(bytes);
        return pack_malformed(name, error);
    }
    *slot = (struct slot){.bytes = bytes, .length = length, .pack = number, .frame = frame};
    frames->kept += length;
    return STATUS_OK;
}

/* The slot of the frame that holds the offset, if it is in memory. */
static struct slot *slot_find(struct frames *frames, size_t number, uint64_t offset)
{
    const struct seek_table *table = &frames->tables[number];
    size_t frame = table->count > 0 ? seek_table_find(table, offset) : 0;
    for (size_t i = 0; i < SLOTS; i++) {
        struct slot *slot = &frames->slots[i];
        if (slot->bytes && slot->pack == number && slot->frame == frame)
            return slot;
    }
    return NULL;
}

/* Reads the frame that holds the offset into a slot. */
static enum status slot_load(struct frames *frames, size_t number, uint64_t offset,
                             struct slot **slot)
{
    char name[PACK_NAME_SIZE];
    int fd = -1;
    snprintf(name, sizeof name, "%s" PACK_DATA_SUFFIX, frames->packs->list[number].name);
    enum status status = pack_open(frames, name, &fd);
    if (status == STATUS_OK)
        status = table_load(frames, number, fd, name);
    if (status == STATUS_OK) {
        const struct seek_table *table = &frames->tables[number];
        size_t frame = seek_table_find(table, offset);
        status = frame < table->count ? frame_load(frames, number, frame, fd, name, slot)
                                      : pack_malformed(name, PACK_BAD_INDEX);
    }
    if (fd >= 0)
        close(fd);
    return status;
}

enum status frames_get(struct frames *frames, size_t number, uint64_t offset, size_t length,
                       const unsigned char **bytes)
{
    struct slot *slot = slot_find(frames, number, offset);
    enum status status = slot ? STATUS_OK : slot_load(frames, number, offset, &slot);
    if (status != STATUS_OK)
        return status;
    slot->used = ++frames->calls;
    const uint64_t start = offset - frames->tables[number].points[slot->frame].content;
    if (length > slot->length - start)
        return pack_malformed(frames->packs->list[number].name, PACK_BAD_INDEX);
    *bytes = slot->bytes + start;
    return STATUS_OK;
}

void frames_free(struct frames *frames)
{
    if (!frames)
        return;
    for (size_t i = 0; i < SLOTS; i++)
        free(frames->slots[i].bytes);
    for (size_t i = 0; frames->tables && i < frames->packs->count; i++)
        seek_table_free(&frames->tables[i]);
    free(frames->tables);
    zstd_frame_decoder_free(frames->decoder);
    buf_free(&frames->compressed);
    free(frames);
}
