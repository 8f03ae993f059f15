/*
 * Reads extended attributes.
 */
#ifndef ZLSNAP_XATTR_READ_H
#define ZLSNAP_XATTR_READ_H

#include "xattrs.h"

/* Replaces `list` by all visible attributes in byte order of names: of the open descriptor `fd`, or
 * if that is -1, of `name` in the open directory `parent` (a link is not followed). Empty if the
 * file system has no attributes. XFS' own form of ACLs (trusted.SGI_ACL_*) is left out, since the
 * common form is there as well. Returns 0; -1 with errno set. */
int xattr_read(int fd, int parent, const char *name, struct xattrs *list);

/* Appends one attribute, if it exists, of `name` in the open directory `parent`. `name` need not be
 * readable; a link is not followed. Returns 0; -1 with errno set. */
int xattr_read_one(int parent, const char *name, const char *attribute, struct xattrs *list);

#endif
