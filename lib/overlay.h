/*
 * The extended attributes of OverlayFS in upper directories: kernel documentation,
 * filesystems/overlayfs.rst. Pure.
 */
#ifndef ZLSNAP_OVERLAY_H
#define ZLSNAP_OVERLAY_H

/* The namespace of the attributes: user for mounts with the option "userxattr". */
enum overlay_space { OVERLAY_TRUSTED, OVERLAY_USER };

/* "trusted.overlay." or "user.overlay.". */
const char *overlay_prefix(enum overlay_space space);

/* The part of `name` after the prefix; NULL if it has another prefix. If that part begins with
 * "overlay.", the attribute was set inside the mount, and is escaped by one level. */
const char *overlay_key(enum overlay_space space, const char *name);

/* The attribute of a directory that is opaque ("y") or contains whiteouts in the form of files with
 * an attribute ("x"); and that attribute of the file. */
const char *overlay_opaque(enum overlay_space space);
const char *overlay_whiteout(enum overlay_space space);

#endif
