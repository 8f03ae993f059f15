/*
 * Reads the extended attributes of an inode.
 */
#ifndef TARPACK_XATTR_READ_H
#define TARPACK_XATTR_READ_H

#include "walk.h"
#include "xattrs.h"

/* Replaces `list` by all attributes of the item that the caller may see, in byte order of names. A
 * file system without attributes has none. Returns 0; -1 with errno set. */
int xattr_read(const struct walk_item *item, struct xattrs *list);

#endif
