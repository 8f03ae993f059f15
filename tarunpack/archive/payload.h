/*
 * The content of an entry: what the stream holds of it, and where in the file that goes.
 */
#ifndef TARUNPACK_ARCHIVE_PAYLOAD_H
#define TARUNPACK_ARCHIVE_PAYLOAD_H

#include "archive/input.h"
#include "tar_sparse.h"

#include <stddef.h>
#include <stdint.h>

/* A part of a file's content. */
struct payload_chunk {
    uint64_t offset; /* in the file */
    const char *bytes;
    size_t length; /* 0: there is no more */
};

/* Zero-initialised it is empty. Its fields are for payload.c alone. */
struct payload {
    uint64_t stored;    /* bytes of content not yet taken off the source */
    const char *window; /* content that was taken and not yet given out */
    size_t window_length;
    const struct tar_sparse *map; /* NULL: the content is all of the file */
    size_t extent;                /* the one that is being given out */
    uint64_t position;            /* in the file, or in the extent */
};

/* Prepares to read an entry's content: `stored` bytes in the stream, below 2^63 - 512, which go
 * where `map` says; NULL: to the file from its beginning on. `map` is borrowed, and checked against
 * `stored` (tar_sparse_check()). */
void payload_start(struct payload *payload, uint64_t stored, const struct tar_sparse *map);

/* Reads the next part, in ascending order. It is valid until something more is read. */
enum archive_event payload_read(struct payload *payload, const struct archive_input *input,
                                struct payload_chunk *chunk);

/* Passes over what is left. */
enum archive_event payload_pass(struct payload *payload, const struct archive_input *input);

#endif
