/*
 * Maps of sparse files that stand in the stream: that of old GNU tar in and behind the header, that
 * of pax format 1.0 before the data (GNU tar manual, "Storing Sparse Files").
 */
#ifndef TARUNPACK_ARCHIVE_SPARSE_H
#define TARUNPACK_ARCHIVE_SPARSE_H

#include "archive/input.h"
#include "tar_sparse.h"

#include <stdint.h>

/* Replaces `map` by that of the old GNU header `block` and the blocks that continue it, stores the
 * size of the file, and checks it against the `stored` bytes of content. `name` is for messages. */
enum archive_event sparse_take_gnu(struct tar_sparse *map, const char *block, const char *name,
                                   uint64_t stored, uint64_t *size,
                                   const struct archive_input *input);

/* Replaces `map` by the text before the data, whose blocks are part of the `*stored` bytes and are
 * taken from them, and checks it against the size of the file. `name` is for messages. */
enum archive_event sparse_take_text(struct tar_sparse *map, const char *name, uint64_t *stored,
                                    uint64_t size, const struct archive_input *input);

#endif
