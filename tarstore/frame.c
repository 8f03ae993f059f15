#include "frame.h"

#include "array.h"

#include <stdlib.h>
#include <string.h>

bool frame_fits(const struct frame *frame, size_t size, size_t limit)
{
    return frame->count < FRAME_CONTENTS_MAX && frame->content.length + size <= limit;
}

char *frame_add(struct frame *frame, const struct digest_value *digest, uint32_t size)
{
    if (array_reserve(&frame->entries, &frame->capacity, frame->count + 1,
                      sizeof *frame->entries) != 0 ||
        buf_reserve(&frame->content, size) != 0)
        return NULL;
    struct index_entry *entry = &frame->entries[frame->count++];
    memcpy(entry->digest, digest->bytes, INDEX_DIGEST);
    entry->offset = frame->content.length;
    entry->length = size;
    frame->content.length += size;
    return frame->content.bytes + entry->offset;
}

void frame_clear(struct frame *frame)
{
    frame->content.length = frame->compressed.length = frame->count = 0;
    frame->done = false;
}

void frame_free(struct frame *frame)
{
    buf_free(&frame->content);
    buf_free(&frame->compressed);
    free(frame->entries);
    *frame = (struct frame){0};
}
