/*
 * The extended attributes of OverlayFS in upper directories: kernel documentation,
 * filesystems/overlayfs.rst. Pure.
 */
#ifndef ZLSNAP_OVERLAY_H
#define ZLSNAP_OVERLAY_H

#include "buf.h"

#include <stdbool.h>

/* The namespace of the attributes: user for mounts with the option "userxattr". */
enum overlay_space { OVERLAY_TRUSTED, OVERLAY_USER };

/* "trusted.overlay." or "user.overlay.". */
const char *overlay_prefix(enum overlay_space space);

/* The part of `name` after the prefix, its key; NULL if it has another prefix. */
const char *overlay_key(enum overlay_space space, const char *name);

/* An attribute with such a name that is set inside the mount is stored with a key that is escaped
 * by one level: "overlay." is put before it. Appends the name with the escaped key. Returns 0; -1
 * if out of memory. */
int overlay_escape(enum overlay_space space, const char *key, struct buf *name);

/* The key without one level of escaping; NULL if it is not escaped. */
const char *overlay_unescape(const char *key);

/* Whether a mount takes the attribute for its own: its key is not escaped. */
bool overlay_is_own(enum overlay_space space, const char *name);

/* The attribute of a directory with copied-up entries, "y". On the root of a tree it also shows
 * which namespace is that of the mount; a mount gains nothing and loses nothing by it. */
const char *overlay_impure(enum overlay_space space);

/* The attribute of a directory that is opaque ("y") or contains whiteouts in the form of files with
 * an attribute ("x"); and that attribute of the file. */
const char *overlay_opaque(enum overlay_space space);
const char *overlay_whiteout(enum overlay_space space);

#endif
