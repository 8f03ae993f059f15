/*
 * Where OLD has something: a table of bounded size from hashes to offsets in the file. It drops
 * entries that do not fit. Hashes may be equal by chance or on purpose, so the caller must compare
 * the bytes at the offset. Pure.
 */
#ifndef MTREEDIFF_PLACES_H
#define MTREEDIFF_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The number of offsets that are kept for a hash. */
#define PLACES_EACH 4

/* At most 16 MiB: a million places. */
#define PLACES_MAX ((size_t)1 << 20)

struct place {
    uint64_t hash; /* 0: free */
    uint64_t offset;
};

/* Zero-initialised it has no room. It owns its memory. */
struct places {
    struct place *list;
    size_t mask; /* of the index of a bucket of PLACES_EACH places */
};

/* Makes room for about `count` places, at most PLACES_MAX. Returns 0; -1 if memory is out. */
int places_start(struct places *places, uint64_t count);

/* Adds a place. If its bucket is full, it is left out. */
void places_add(struct places *places, uint64_t hash, uint64_t offset);

/* Stores the offsets that were added with the hash, in that order. Returns their number. */
size_t places_find(const struct places *places, uint64_t hash, uint64_t offsets[PLACES_EACH]);

void places_free(struct places *places);

/* A hash of bytes, never 0; that of another text continues if it is `seed`. */
uint64_t places_hash(uint64_t seed, const void *bytes, size_t length);

#endif
