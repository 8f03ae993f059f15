/*
 * The map of a sparse file: which parts of it the archive holds data for. All formats that GNU tar
 * wrote (its manual, "Storing Sparse Files"). Pure.
 */
#ifndef ZLSNAP_TAR_SPARSE_H
#define ZLSNAP_TAR_SPARSE_H

#include "tar_error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tar_extent {
    uint64_t offset, length; /* bytes of the file */
};

/* Extents in ascending order that do not overlap. Zero-initialised it is empty. It owns its
 * memory, which grows with the map as it is read, never with a number that an archive claims. */
struct tar_sparse {
    struct tar_extent *extents;
    size_t count;
    size_t capacity;
    uint64_t stored; /* bytes of data in all extents */
};

/* Appends an extent; one that overlaps, descends or overflows is refused. */
enum tar_error tar_sparse_add(struct tar_sparse *map, uint64_t offset, uint64_t length);

/* Appends the pairs of 12-byte numbers of an old GNU header or its extension, up to the first
 * that is empty; a pair of which only one is empty is refused. */
enum tar_error tar_sparse_add_gnu(struct tar_sparse *map, const char *fields, size_t pairs);

/* Appends the pairs of "OFFSET,LENGTH,OFFSET,LENGTH,…" (GNU.sparse.map, format 0.1). */
enum tar_error tar_sparse_add_list(struct tar_sparse *map, const char *text, size_t length);

/* Whether the map describes a file of `size` bytes for which `stored` bytes are in the archive. */
enum tar_error tar_sparse_check(const struct tar_sparse *map, uint64_t size, uint64_t stored);

/* The map that stands before the data (format 1.0): a count, then pairs, a decimal number a line,
 * in blocks of 512 bytes. Zero-initialised it expects the count. */
struct tar_sparse_text {
    uint64_t number; /* the digits so far */
    bool digits;
    bool counted;
    uint64_t left; /* numbers still to come, once counted */
    uint64_t offset;
    bool done;
};

/* Takes the next block of that text; `state->done` tells when the map is complete. */
enum tar_error tar_sparse_add_text(struct tar_sparse *map, struct tar_sparse_text *state,
                                   const char *block, size_t length);

/* Empties the map but keeps its memory; releases the memory. */
void tar_sparse_clear(struct tar_sparse *map);
void tar_sparse_free(struct tar_sparse *map);

#endif
