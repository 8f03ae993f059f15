/*
 * What an inode means in the upper directory of an overlay mount: whiteout, opaque directory, or
 * an entry like any other once the mount's bookkeeping is taken off (kernel documentation,
 * filesystems/overlayfs.rst).
 */
#ifndef TARPACK_UPPER_H
#define TARPACK_UPPER_H

#include "overlay.h"
#include "status.h"
#include "tree/walk.h"
#include "xattrs.h"

enum upper_kind {
    UPPER_ENTRY,
    UPPER_WHITEOUT,   /* this name of the lower layers is gone */
    UPPER_OPAQUE,     /* a directory that hides all the lower layers have there */
    UPPER_XWHITEOUTS, /* a directory in which empty files can be whiteouts by attribute */
};

/* Which namespace the mount kept its attributes in, by those of the upper's root and by what this
 * process may see. The other one's attributes may be stale or forged: they mean nothing. */
enum overlay_space upper_space(const struct xattrs *root);

/* Tells the item's kind from its status and attributes; `above` is the kind of the directory that
 * holds it. Takes the bookkeeping out of `xattrs` and unescapes what was set inside the mount.
 * Refuses what can't be told without the lower layers (redirect_dir, metacopy). Returns a status;
 * the line is printed. */
enum status upper_interpret(enum overlay_space space, const struct walk_item *item,
                            enum upper_kind above, struct xattrs *xattrs, enum upper_kind *kind);

#endif
