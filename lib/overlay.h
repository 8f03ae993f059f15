/*
 * The extended attributes that OverlayFS keeps in its upper directories: kernel documentation,
 * filesystems/overlayfs.rst. Pure.
 */
#ifndef ZLSNAP_OVERLAY_H
#define ZLSNAP_OVERLAY_H

/* Where a mount keeps them: a mount with the option "userxattr" cannot have trusted.*. */
enum overlay_space { OVERLAY_TRUSTED, OVERLAY_USER };

/* The prefix with its last dot: "trusted.overlay." or "user.overlay.". */
const char *overlay_prefix(enum overlay_space space);

/* If `name` lies in the space, the rest of it behind the prefix; else NULL. A rest that begins with
 * "overlay." is an attribute that was set inside the mount, escaped by one level. */
const char *overlay_key(enum overlay_space space, const char *name);

/* The attribute of a directory that hides what the lower layers have there ("y"), or in which files
 * can be whiteouts by attribute ("x"); and the attribute of such a file. */
const char *overlay_opaque(enum overlay_space space);
const char *overlay_whiteout(enum overlay_space space);

#endif
