/*
 * Which of the values that precede an entry win: those of its own pax header, then of a global one,
 * then GNU's long names, then those of the header block. Pure.
 */
#ifndef TARUNPACK_ARCHIVE_PRECEDENCE_H
#define TARUNPACK_ARCHIVE_PRECEDENCE_H

#include "archive/headers.h"
#include "tar_entry.h"

#include <stdbool.h>

/* Where the map of a sparse file is. */
enum sparse_map {
    SPARSE_NONE,   /* the file is not sparse */
    SPARSE_HEADER, /* in a pax header */
    SPARSE_GNU,    /* in the header block, and in blocks that follow it: sparse_take_gnu() */
    SPARSE_TEXT,   /* before the data: sparse_take_text() */
};

/* An entry as its headers define it. Zero-initialised it is empty. Set by precedence.c, but for
 * what the maps that SPARSE_GNU and SPARSE_TEXT name add. */
struct resolved {
    struct tar_entry entry; /* its size is not known yet with SPARSE_GNU */
    struct buf path, link;  /* what the entry borrows */
    bool absolute;          /* a leading slash was removed from some path so far */
    uint64_t stored;        /* bytes of content that follow in the stream; below 2^63 - 512 */
    enum sparse_map sparse;
    const struct tar_sparse *map; /* with SPARSE_HEADER; borrowed from the headers */
};

/* Resolves the entry of `header`, which `headers` precede. Where that fails, entry.path is the best
 * name that is known, for the message. */
enum tar_error precedence_resolve(struct resolved *resolved, const struct headers *headers,
                                  const struct tar_header *header);

/* Releases the memory. */
void precedence_free(struct resolved *resolved);

#endif
