/*
 * A table from 64-bit hashes to numbers. Pure. It has 16 bytes for each slot, and at least twice as
 * many slots as hashes.
 */
#ifndef TARPACK_CACHE_TABLE_H
#define TARPACK_CACHE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_slot {
    uint64_t hash; /* 0: the slot is free */
    uint64_t number;
};

/* Zero-initialised it is empty. It owns its memory. */
struct table {
    struct table_slot *slots;
    size_t count;
    size_t capacity; /* a power of two */
};

/* Remembers a number for the hash, instead of an earlier one. Returns 0; -1 if memory is out. */
int table_add(struct table *table, uint64_t hash, uint64_t number);

/* Stores the number that was remembered for the hash. Returns whether there is one. */
bool table_find(const struct table *table, uint64_t hash, uint64_t *number);

/* Releases the memory. */
void table_free(struct table *table);

#endif
