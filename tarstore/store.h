/*
 * Sorts the contents of the stream into frames: one is filled with files, one with chunks.
 */
#ifndef TARSTORE_STORE_H
#define TARSTORE_STORE_H

#include "crew.h"
#include "status.h"

/* Reads the whole stream from standard input and gives its frames to the crew. Returns a status;
 * the error is printed. */
enum status store_stream(struct crew *crew);

#endif
