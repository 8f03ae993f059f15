/*
 * Owner and mode in an attribute: fuse-overlayfs with xattr_permissions, and containers/storage
 * with force_mask, keep them there, since their user may not set them. The attribute counts only if
 * the root of the tree has it, too, as it does under both: otherwise any user of a container could
 * make a setuid program of root by it.
 */
#ifndef TARPACK_OVERRIDE_H
#define TARPACK_OVERRIDE_H

#include "status.h"
#include "tar_entry.h"

/* The name of the attribute that counts in this tree, judging by those of its root; NULL: none. */
const char *override_find(const struct xattrs *root);

/* Replaces owner and mode of the entry by those in its attribute `name`, if it has it, and removes
 * it. Returns a status; errors are printed: a malformed value, or one for another type of file. */
enum status override_apply(const char *name, struct tar_entry *entry);

#endif
