/*
 * Decides which header's value wins for an entry: first its own pax header, then a global one or
 * GNU's long names, then the header block. Refuses what readers decide differently. Pure. Only
 * precedence.c writes the fields of struct resolved, except `map` and the sizes that only the
 * stream reveals (see enum sparse_map), which reader.c adds.
 */
#ifndef TARUNPACK_ARCHIVE_PRECEDENCE_H
#define TARUNPACK_ARCHIVE_PRECEDENCE_H

#include "archive/headers.h"
#include "tar_entry.h"

#include <stdbool.h>

/* Where the sparse map of a file is. */
enum sparse_map {
    SPARSE_NONE,   /* the file is not sparse */
    SPARSE_HEADER, /* in a pax header */
    SPARSE_GNU,    /* in the header block and the blocks after it: sparse_take_gnu() */
    SPARSE_TEXT,   /* before the data: sparse_take_text() */
};

/* An entry as defined by its headers. Zero-initialised it is empty. */
struct resolved {
    struct tar_entry entry; /* with SPARSE_GNU its size is not known yet */
    struct buf path, link;  /* storage that the entry points to */
    bool absolute;          /* a leading slash was removed from a path of the archive */
    bool sized_link;        /* a hard link whose header has a size, which must not be content */
    uint64_t stored;        /* bytes of content in the stream; less than 2^63 - 512 */
    enum sparse_map sparse;
    const struct tar_sparse *map; /* only with SPARSE_HEADER; borrowed from the headers */
};

/* Resolves the entry of `header`, after the extended headers `headers`. On failure entry.path is
 * the best name known, for the message. */
enum tar_error precedence_resolve(struct resolved *resolved, const struct headers *headers,
                                  const struct tar_header *header);

/* Releases the memory. */
void precedence_free(struct resolved *resolved);

#endif
