/*
 * Recognises compressed data, for a helpful message. Pure.
 */
#ifndef TARUNPACK_ARCHIVE_COMPRESSION_H
#define TARUNPACK_ARCHIVE_COMPRESSION_H

#include <stddef.h>

/* If a stream that begins with these bytes is compressed, returns a static text that continues
 * "this is": the format and how to decompress it. Otherwise NULL. Any `length` will do: a small
 * compressed layer is shorter than one tar block. */
const char *compression_of(const char *bytes, size_t length);

#endif
