/*
 * Interprets inodes of an overlay mount's upper directory: whiteouts, opaque directories, and
 * ordinary entries, whose overlay attributes are removed (kernel documentation,
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
    UPPER_WHITEOUT,   /* hides this name of the lower layers */
    UPPER_OPAQUE,     /* a directory that hides all its entries in the lower layers */
    UPPER_XWHITEOUTS, /* a directory in which empty files with an attribute are whiteouts */
};

/* The namespace of the mount's attributes, judging by those of the root and by what this process
 * may see. Attributes in the other namespace may be stale or forged, and are not interpreted. */
enum overlay_space upper_space(const struct xattrs *root);

/* Refuses a name that would restore as a deletion. Stores whether the item is an opaque marker of
 * fuse-overlayfs, which upper_interpret() sees in its directory. Returns a status; an error is
 * printed. */
enum status upper_check_name(const struct walk_item *item, bool *skip);

/* Stores the kind of the item; `above` is the kind of its directory. Removes overlay attributes
 * from `xattrs` and unescapes those that were set inside the mount. Refuses an item whose content
 * is in the lower layers (redirect_dir, metacopy). Returns a status; an error is printed. */
enum status upper_interpret(enum overlay_space space, const struct walk_item *item,
                            enum upper_kind above, struct xattrs *xattrs, enum upper_kind *kind);

#endif
