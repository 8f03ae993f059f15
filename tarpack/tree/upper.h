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

#include <stdbool.h>

enum upper_kind {
    UPPER_ENTRY,
    UPPER_WHITEOUT,   /* hides this name of the lower layers */
    UPPER_OPAQUE,     /* a directory that hides all its entries in the lower layers */
    UPPER_XWHITEOUTS, /* a directory in which empty files with an attribute are whiteouts */
};

/* What the attributes of its root tell about a tree. */
struct upper {
    /* The namespace of the mount's attributes, judging also by what this process may see. Those in
     * the other namespace may be stale or forged, and are not interpreted. */
    enum overlay_space space;
    bool kernels;         /* a kernel's mount has used it: its whiteouts are devices */
    const char *override; /* tree/override.h: the attribute with owners and modes, or NULL */
};

void upper_judge(struct upper *upper, const struct xattrs *root);

/* What a name can be by itself. */
enum upper_name {
    UPPER_NAME,          /* an ordinary name */
    UPPER_NAME_OPAQUE,   /* marks its directory as opaque (fuse-overlayfs) */
    UPPER_NAME_WHITEOUT, /* .wh.NAME: hides NAME (fuse-overlayfs where it can make no devices, AUFS)
                          */
    UPPER_NAME_AUFS,     /* metadata of an AUFS branch, to be left out; a warning was printed */
};

/* Tells what the item is by its name and type. For UPPER_NAME_WHITEOUT stores NAME. Refuses a name
 * that would be restored as a whiteout but is none, and one whose NAME is there as well. Returns a
 * status; errors are printed. */
enum status upper_name(const struct upper *upper, const struct walk_item *item,
                       enum upper_name *name, const char **hidden);

/* The name by which an entry of that name is sorted. */
const char *upper_key(const char *name);

/* Stores the kind of the item; `above` is the kind of its directory. Removes overlay attributes
 * from `xattrs` and unescapes those that were set inside the mount. Refuses an item whose content
 * is in the lower layers (redirect_dir, metacopy). Returns a status; an error is printed. */
enum status upper_interpret(enum overlay_space space, const struct walk_item *item,
                            enum upper_kind above, struct xattrs *xattrs, enum upper_kind *kind);

#endif
