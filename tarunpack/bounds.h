/*
 * Whether an archive asks for more than it may: the limits of reader.h.
 */
#ifndef TARUNPACK_BOUNDS_H
#define TARUNPACK_BOUNDS_H

#include "reader.h"

/* Counts the entry that the reader holds and looks at its sizes: READER_OK or READER_LIMIT. */
enum reader_event bounds_check(struct reader *reader);

/* Whether the entries so far, `implied` directories that came with them, and `kept` bytes of
 * attributes that have to wait are within the limits: READER_OK or READER_LIMIT. */
enum reader_event bounds_tree(struct reader *reader, uint64_t implied, uint64_t kept);

#endif
