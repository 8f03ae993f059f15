/*
 * The stream in blocks of 512 bytes, for all parts of the reader, and the state that they share.
 */
#ifndef TARUNPACK_ARCHIVE_INPUT_H
#define TARUNPACK_ARCHIVE_INPUT_H

#include "archive/bounds.h"
#include "archive/problem.h"
#include "archive/source.h"
#include "tar_header.h"

#include <stdbool.h>

/* The pointers are borrowed. Set by whoever starts the reader. */
struct archive_input {
    struct source *source;
    struct bounds *bounds;
    struct problem *problem;
    bool proven; /* the caller compares the stream with an expected digest, which proves it whole */
};

/* Takes one block, valid until more is taken. At the end of the stream `*block` is NULL. If the
 * stream ends within a block it is truncated, or if that is the first one, no archive. */
enum archive_event input_block(const struct archive_input *input, const char **block);

/* Takes one block of an extended header and counts it. Here the end of the stream means that it is
 * truncated. */
enum archive_event input_header_block(const struct archive_input *input, const char **block);

/* The event of a function that parsed a part of the entry `name`, or if that is NULL of the last
 * header: ARCHIVE_OK for TAR_OK, else the problem is stored as by problem_tar(). */
enum archive_event input_event(const struct archive_input *input, const char *name,
                               enum tar_error error);

/* Stores the problem that the stream is truncated. Returns ARCHIVE_MALFORMED. */
enum archive_event input_cut(const struct archive_input *input);

/* Stores the problem that the stream, whose first `length` bytes are given, is no tar archive.
 * Returns ARCHIVE_MALFORMED. */
enum archive_event input_not_an_archive(const struct archive_input *input, const char *bytes,
                                        size_t length);

#endif
