/*
 * Parses an archive into entries, strictly: v7, ustar, pax, old GNU and star headers, and all
 * sparse formats of GNU tar. Knows no file system. Claims are checked before they are believed, and
 * no memory is allocated by a claimed size. The fields of struct reader are private to reader.c.
 */
#ifndef TARUNPACK_ARCHIVE_READER_H
#define TARUNPACK_ARCHIVE_READER_H

#include "archive/headers.h"
#include "archive/payload.h"
#include "archive/precedence.h"

struct reader {
    struct archive_input input;
    struct headers headers;
    struct resolved resolved;
    struct tar_sparse map; /* of a file whose map is in the stream */
    struct payload payload;
    uint64_t ignored; /* bytes after the end of the archive */
};

/* Prepares to read from `input`, whose parts are borrowed. */
void reader_start(struct reader *reader, const struct archive_input *input);

/* Skips the rest of the last entry's content and reads the next entry. `*entry` is valid until the
 * next call. */
enum archive_event reader_next(struct reader *reader, const struct tar_entry **entry);

/* Reads the next part of the entry's content, in ascending order. Gaps before a part, and between
 * the last one and the entry's size, are zeros. Valid until the next call. */
enum archive_event reader_data(struct reader *reader, struct payload_chunk *chunk);

/* Whether a leading slash was removed from any path so far. */
bool reader_saw_absolute(const struct reader *reader);

/* After ARCHIVE_END: how many bytes after the end of the archive, from the first that is not zero,
 * were ignored. Only a proven stream may have any. */
uint64_t reader_ignored(const struct reader *reader);

/* Releases the memory. */
void reader_free(struct reader *reader);

#endif
