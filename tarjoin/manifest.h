/*
 * The manifest, entry by entry, each checked by itself and against the one before.
 */
#ifndef TARJOIN_MANIFEST_H
#define TARJOIN_MANIFEST_H

#include "mtree_read.h"
#include "text.h"

/* Zero-initialised it is safe to close. */
struct manifest {
    struct text text;
    struct mtree_line line; /* of the current entry */
    struct mtree_order order;
};

/* Starts to read the manifest in `fd` and checks its first line. `digest` (NULL: none) gets all its
 * bytes. Both are borrowed. Returns a status, as all of these; an error is printed. */
enum status manifest_open(struct manifest *manifest, int fd, struct digest *digest);

/* Stores the next entry, valid until the next call; NULL at the end. That the target of a hard link
 * exists is not checked. */
enum status manifest_next(struct manifest *manifest, const struct mtree_line **line);

/* Releases the memory. */
void manifest_close(struct manifest *manifest);

#endif
