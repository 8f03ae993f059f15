/*
 * A manifest with times, entry by entry, each checked by itself and against the one before.
 */
#ifndef ZLSNAP_MANIFEST_H
#define ZLSNAP_MANIFEST_H

#include "digest.h"
#include "lines.h"
#include "mtree_read.h"
#include "status.h"

/* Zero-initialised it is safe to close. */
struct manifest {
    struct lines lines;
    const char *text; /* the current line, without its newline; NULL at the end */
    size_t length;
    struct mtree_line line; /* its entry */
    struct mtree_order order;
    struct digest *digest; /* of the lines so far; borrowed; NULL: not wanted */
};

/* Starts to read the manifest in `fd` from its position, and checks its first line. With `seekable`
 * it must be a regular file, whose position stays. Both `fd` and `digest`, which gets all bytes and
 * may be NULL, are borrowed. Returns a status, as all of these; an error is printed. */
enum status manifest_open(struct manifest *manifest, int fd, bool seekable, struct digest *digest);

/* Reads the next entry into manifest->line, valid until the next call; at the end manifest->text is
 * NULL. That the target of a hard link exists is not checked. */
enum status manifest_next(struct manifest *manifest);

/* Prints "manifest: line N: PROBLEM", of the current line. Returns STATUS_ARCHIVE. */
enum status manifest_malformed(const struct manifest *manifest, const char *problem);

/* Reads what is left, whatever it is, into the digest. */
enum status manifest_drain(struct manifest *manifest);

/* Releases the memory. */
void manifest_close(struct manifest *manifest);

#endif
