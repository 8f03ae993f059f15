/*
 * Reads sparse maps that are in the stream: the old GNU map in and after the header block, and the
 * text map of pax format 1.0 before the data (GNU tar manual, "Storing Sparse Files"). No state.
 */
#ifndef TARUNPACK_ARCHIVE_SPARSE_H
#define TARUNPACK_ARCHIVE_SPARSE_H

#include "archive/input.h"
#include "tar_sparse.h"

#include <stdint.h>

/* Replaces `map` by the map in the old GNU header `block` and its continuation blocks, stores the
 * file's size, and checks the map against that and the `stored` bytes of content. `name` is for
 * messages. */
enum archive_event sparse_take_gnu(struct tar_sparse *map, const char *block, const char *name,
                                   uint64_t stored, uint64_t *size,
                                   const struct archive_input *input);

/* Replaces `map` by the text map before the data, subtracts its blocks from `*stored`, and checks
 * it against the rest and the file's `size`. `name` is for messages. */
enum archive_event sparse_take_text(struct tar_sparse *map, const char *name, uint64_t *stored,
                                    uint64_t size, const struct archive_input *input);

#endif
