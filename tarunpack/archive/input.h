/*
 * The stream in blocks, as all parts of the reader take it.
 */
#ifndef TARUNPACK_ARCHIVE_INPUT_H
#define TARUNPACK_ARCHIVE_INPUT_H

#include "archive/bounds.h"
#include "archive/problem.h"
#include "archive/source.h"
#include "tar_header.h"

/* What the parts of the reader share; all borrowed. */
struct archive_input {
    struct source *source;
    struct bounds *bounds;
    struct problem *problem;
};

/* Takes one block of 512 bytes; `*block` is NULL where the stream ends. It is valid until something
 * more is taken. A stream that ends within a block is cut, or if that is its first one, no
 * archive. */
enum archive_event input_block(const struct archive_input *input, const char **block);

/* Takes one block of the headers that precede an entry, and counts it. A stream that ends is cut.
 */
enum archive_event input_header_block(const struct archive_input *input, const char **block);

/* Says that the stream ends too early. Returns ARCHIVE_MALFORMED. */
enum archive_event input_cut(const struct archive_input *input);

/* Says what a stream is whose first block, of which there are `length` bytes, is no header. Returns
 * ARCHIVE_MALFORMED. */
enum archive_event input_not_an_archive(const struct archive_input *input, const char *bytes,
                                        size_t length);

#endif
