/*
 * A frame on its way: contents are added, then it is compressed, then written.
 */
#ifndef TARSTORE_FRAME_H
#define TARSTORE_FRAME_H

#include "buf.h"
#include "index.h"
#include "status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The most contents of a frame; so the index of a pack stays small even if they are tiny. */
#define FRAME_CONTENTS_MAX 16384

/* Zero-initialised it is empty. It owns its memory, which it keeps for the next use. */
struct frame {
    struct buf content;          /* back to back, at most PACK_FRAME_MAX bytes */
    struct index_entry *entries; /* of these; offsets are from the beginning of the frame */
    size_t count;
    size_t capacity;
    struct buf compressed;
    bool done; /* compressed and checked; the lock of the crew guards it */
};

/* Whether a content of `size` bytes still fits a frame of at most `limit` bytes. */
bool frame_fits(const struct frame *frame, size_t size, size_t limit);

/* Adds a content, whose `size` bytes the caller writes to the returned address. NULL if memory is
 * out. */
char *frame_add(struct frame *frame, const struct digest_value *digest, uint32_t size);

/* Makes it empty. */
void frame_clear(struct frame *frame);

/* Releases the memory. */
void frame_free(struct frame *frame);

#endif
