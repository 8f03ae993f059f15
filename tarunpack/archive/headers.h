/*
 * Extended headers: pax headers, local and global (POSIX.1-2017, pax(1)), and the long names of GNU
 * tar. They apply to the next entry, or if global to all following ones. Many readers ignore global
 * headers, so the only value that they may have is a time. headers.c writes the fields of struct
 * headers; precedence.c reads them.
 */
#ifndef TARUNPACK_ARCHIVE_HEADERS_H
#define TARUNPACK_ARCHIVE_HEADERS_H

#include "archive/input.h"
#include "tar_pax.h"

#include <stdbool.h>

/* Zero-initialised it is empty. */
struct headers {
    bool has_pax;
    struct tar_pax pax;
    bool has_global; /* there was a global header */
    bool has_time;   /* for all entries, from that */
    struct tar_time time;
    bool has_long_path, has_long_link;
    struct buf long_path, long_link; /* NUL-terminated, if present */
};

/* Whether `type`, a header's type flag, marks an extended header. */
bool headers_is_extension(char type);

/* Reads the content of an extended header. Two of a kind before one entry are malformed: some
 * readers use the first, some the last, some both. So is data in the padding. */
enum archive_event headers_take(struct headers *headers, const struct tar_header *header,
                                const struct archive_input *input);

/* Whether there are headers whose entry has not come yet. */
bool headers_is_pending(const struct headers *headers);

/* Stores the problem that a header has no entry. Returns ARCHIVE_MALFORMED. */
enum archive_event headers_misplaced(const struct archive_input *input);

/* Forgets the local headers, once their entry is done. */
void headers_clear(struct headers *headers);

/* Releases the memory. */
void headers_free(struct headers *headers);

#endif
