/*
 * The manifest: an mtree(5) specification with one line per entry, in the order of the tar.
 * doc/FORMAT.md has the table. Pure.
 */
#ifndef ZLSNAP_MTREE_H
#define ZLSNAP_MTREE_H

#include "tar_entry.h"

#include <stdbool.h>

/* The first line of every manifest. */
#define MTREE_SIGNATURE "#mtree\n"

/* Appends the entry's line. `sha256` is the digest of a TAR_FILE's content in hexadecimal, NULL for
 * other types; `times` adds the modification time. Returns 0; -1 if memory is out. */
int mtree_append(struct buf *out, const struct tar_entry *entry, const char *sha256, bool times);

/* Appends a path as the first word of its line: "./" and the path, escaped; "." for the root.
 * Returns 0; -1 if memory is out. */
int mtree_append_path(struct buf *out, const char *path);

#endif
