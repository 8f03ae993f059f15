/*
 * Streams that somebody forgot to decompress.
 */
#ifndef TARUNPACK_ARCHIVE_COMPRESSION_H
#define TARUNPACK_ARCHIVE_COMPRESSION_H

#include <stddef.h>

/* What the beginning of a stream shows to be compressed data, and what to do about it: a static
 * text that goes on after "this is"; NULL if it is nothing of that kind. A small layer is shorter
 * than a block of tar once it is compressed: any `length` will do. */
const char *compression_of(const char *bytes, size_t length);

#endif
