/*
 * From bytes to entries: the archive's structure, strictly. It reads v7, ustar, pax, old GNU and
 * star headers and all sparse formats of GNU tar, and knows no file system. What an archive claims
 * is checked before it is believed; nothing is allocated by a claimed size.
 */
#ifndef TARUNPACK_ARCHIVE_READER_H
#define TARUNPACK_ARCHIVE_READER_H

#include "archive/headers.h"
#include "archive/payload.h"
#include "archive/precedence.h"

/* Its fields are for reader.c alone. */
struct reader {
    struct archive_input input;
    struct headers headers;
    struct resolved resolved;
    struct tar_sparse map; /* of a file whose map stands in the stream */
    struct payload payload;
};

/* Prepares to read from `input`, whose parts are borrowed. */
void reader_start(struct reader *reader, const struct archive_input *input);

/* Reads up to the next entry, past what is left of the last one's content. `*entry` is valid until
 * the next call. */
enum archive_event reader_next(struct reader *reader, const struct tar_entry **entry);

/* Reads the next part of the entry's content, in ascending order; bytes between two parts, and
 * behind the last one up to the entry's size, are zeros. Valid until the next call. */
enum archive_event reader_data(struct reader *reader, struct payload_chunk *chunk);

/* Whether a leading slash was removed from a path so far. */
bool reader_saw_absolute(const struct reader *reader);

/* Releases the memory. */
void reader_free(struct reader *reader);

#endif
