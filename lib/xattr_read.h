/*
 * Reads the extended attributes of an inode.
 */
#ifndef ZLSNAP_XATTR_READ_H
#define ZLSNAP_XATTR_READ_H

#include "xattrs.h"

/* Replaces `list` by all attributes that the caller may see, in byte order of names: those of the
 * open descriptor `fd`; or, if that is -1, of `name` in the open directory `parent`, which is not
 * followed if it is a link. A file system without attributes has none; XFS' own form of ACLs
 * (trusted.SGI_ACL_*) is left out beside the one that all file systems have. Returns 0; -1 with
 * errno set. */
int xattr_read(int fd, int parent, const char *name, struct xattrs *list);

/* Appends the attribute `attribute` of `name` in the open directory `parent`, which is not followed
 * if it is a link and need not be readable; where there is none, nothing. Returns 0; -1 with errno
 * set. */
int xattr_read_one(int parent, const char *name, const char *attribute, struct xattrs *list);

#endif
