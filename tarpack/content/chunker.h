/*
 * Cuts large contents into chunks, so that a changed file shares the chunks that have not changed.
 * Pure.
 *
 * Where the size is a multiple of 8 KiB (databases, disk images) all chunks have the same length,
 * since nothing shifts in such files. Others are cut where the last 64 bytes have a hash with
 * certain bits zero, so that chunks stay the same when bytes are inserted before them.
 */
#ifndef TARPACK_CHUNKER_H
#define TARPACK_CHUNKER_H

#include <stddef.h>
#include <stdint.h>

struct chunker {
    size_t fixed; /* the length of all chunks but the last; 0: the content decides */
    size_t max;   /* no chunk is longer; at most 1 MiB */
    uint64_t gear[256];
};

/* Prepares to cut contents. */
void chunker_init(struct chunker *chunker);

/* Starts a content of `size` bytes. Chunks depend on its size and bytes only. */
void chunker_begin(struct chunker *chunker, uint64_t size);

/* Returns the length of the first chunk in `bytes`, at least 1. `length`, at least 1, must be
 * `chunker->max` or more, unless the content ends with these bytes. */
size_t chunker_cut(const struct chunker *chunker, const unsigned char *bytes, size_t length);

#endif
