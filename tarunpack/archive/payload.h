/*
 * The content of an entry: reads it from the stream and tells the offset of each part in the file.
 * The fields of struct payload are private to payload.c.
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
    size_t length; /* 0: end of content */
};

/* Zero-initialised it is empty. */
struct payload {
    uint64_t stored;    /* bytes of content still to be taken off the source */
    const char *window; /* content taken but not yet returned */
    size_t window_length;
    const struct tar_sparse *map; /* NULL: the file is not sparse */
    size_t extent;                /* the present one */
    uint64_t position;            /* in the file, or with a map in the extent */
};

/* Prepares to read an entry's content: `stored` bytes of the stream, less than 2^63 - 512, for the
 * extents of `map`, or if that is NULL for the whole file. `map` is borrowed and must have passed
 * tar_sparse_check() with `stored`. */
void payload_start(struct payload *payload, uint64_t stored, const struct tar_sparse *map);

/* Reads the next part, in ascending order. It is valid until the next read. */
enum archive_event payload_read(struct payload *payload, const struct archive_input *input,
                                struct payload_chunk *chunk);

/* Skips the rest of the content. */
enum archive_event payload_pass(struct payload *payload, const struct archive_input *input);

#endif
