/*
 * The map of a sparse file: the extents that have data in the archive, in all formats of GNU tar
 * (its manual, "Storing Sparse Files"). Pure.
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

/* Extents in ascending order that do not overlap. Zero-initialised it is empty. It owns its memory,
 * which grows as extents are read, never by a count that an archive claims. */
struct tar_sparse {
    struct tar_extent *extents;
    size_t count;
    size_t capacity;
    uint64_t stored; /* bytes in all extents */
};

/* Appends an extent. One that overlaps, is out of order or overflows is refused. */
enum tar_error tar_sparse_add(struct tar_sparse *map, uint64_t offset, uint64_t length);

/* Appends the pairs of 12-byte numbers of an old GNU header or its extension, up to the first empty
 * pair. A pair with one empty number is refused. */
enum tar_error tar_sparse_add_gnu(struct tar_sparse *map, const char *fields, size_t pairs);

/* Appends "OFFSET,LENGTH,OFFSET,LENGTH,…" (GNU.sparse.map, format 0.1). */
enum tar_error tar_sparse_add_list(struct tar_sparse *map, const char *text, size_t length);

/* Checks the map against the size of the file and the bytes stored in the archive. */
enum tar_error tar_sparse_check(const struct tar_sparse *map, uint64_t size, uint64_t stored);

/* The parser of a map that precedes the data (format 1.0): a count and then pairs, one decimal
 * number per line, in blocks of 512 bytes. Zero-initialised it expects the count. */
struct tar_sparse_text {
    uint64_t number; /* of the current line, as far as it was read */
    unsigned digits; /* of the current line */
    bool counted;    /* the count was read */
    uint64_t left;   /* numbers still to come, once counted */
    uint64_t offset; /* of the pair whose length comes next */
    bool done;       /* the map is complete */
};

/* Parses the next block; `state->done` is set when the map is complete. */
enum tar_error tar_sparse_add_text(struct tar_sparse *map, struct tar_sparse_text *state,
                                   const char *block, size_t length);

/* Empties the map but keeps its memory. */
void tar_sparse_clear(struct tar_sparse *map);

/* Releases the memory and leaves an empty map. */
void tar_sparse_free(struct tar_sparse *map);

#endif
