/*
 * Which of the values that stand before an entry count: local extended header before global, that
 * before GNU's long names, those before the header block. Pure.
 */
#ifndef TARUNPACK_RESOLVE_H
#define TARUNPACK_RESOLVE_H

#include "reader.h"

/* Fills in reader->entry from the header and the extended headers that the reader holds, and
 * prepares its content: reader->stored, reader->map. Where it fails, entry.path is the best name
 * that is known, for the message. */
enum tar_error resolve_entry(struct reader *reader, const struct tar_header *header);

#endif
