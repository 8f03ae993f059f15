/*
 * The headers that say something of the entry that follows them, or of all that follow: pax
 * headers, local and global (POSIX.1-2017, pax(1)), and the long names of old GNU tar.
 */
#ifndef TARUNPACK_ARCHIVE_HEADERS_H
#define TARUNPACK_ARCHIVE_HEADERS_H

#include "archive/input.h"
#include "tar_pax.h"

#include <stdbool.h>

/* Zero-initialised there are none. Set by headers.c, read by precedence.c. */
struct headers {
    bool has_local; /* a pax header for the next entry was read */
    struct tar_pax local, global;
    bool has_long_path, has_long_link;
    struct buf long_path, long_link; /* NUL-terminated, if there are any */
};

/* Whether a header of that type, the type flag as it stands, is one of these. */
bool headers_is_extension(char type);

/* Takes the content of such a header off the stream. Two of a kind before one entry are malformed:
 * some readers take the first, some the last, some both. */
enum archive_event headers_take(struct headers *headers, const struct tar_header *header,
                                const struct archive_input *input);

/* Whether a header waits for its entry. */
bool headers_is_pending(const struct headers *headers);

/* Says that a header has no entry. Returns ARCHIVE_MALFORMED. */
enum archive_event headers_misplaced(const struct archive_input *input);

/* Forgets what belonged to the entry that followed. */
void headers_clear(struct headers *headers);

/* Releases the memory. */
void headers_free(struct headers *headers);

#endif
