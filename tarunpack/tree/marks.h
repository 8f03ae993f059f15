/*
 * Whiteouts and opaque directories as an overlay mount reads them: char 0:0 nodes and opaque
 * attributes, or if the tree itself is on an overlay, attributes alone (kernel documentation,
 * filesystems/overlayfs.rst). parts.c sets `space` and `trusted` of struct marks.
 */
#ifndef TARUNPACK_TREE_MARKS_H
#define TARUNPACK_TREE_MARKS_H

#include "overlay.h"
#include "tree/cursor.h"
#include "tree/meta.h"

#include <stdbool.h>
#include <sys/stat.h>

struct marks {
    enum overlay_space space; /* the namespace of the attributes */
    bool trusted;             /* trusted.* attributes can be set */
    bool xwhiteouts;          /* whiteouts are empty files with an attribute; set by marks.c */
};

/* Whether `name`, with the given status, in the open directory `here` is a whiteout. Stores the
 * answer and returns 0; -1 with errno set if that cannot be told. */
int marks_is_whiteout(const struct marks *marks, int here, const char *name,
                      const struct stat *status, bool *is);

/* Mark `name` in the cursor's directory as deleted, or that directory as opaque. An entry of this
 * layer with that name stays; if it is a directory, it becomes opaque. `path` is for messages.
 * Return a status; errors are printed. */
enum status marks_whiteout(struct marks *marks, struct cursor *cursor, const char *name,
                           const char *path);
enum status marks_opaque(const struct marks *marks, const struct cursor *cursor, const char *path);

/* Sets the opaque attribute of the finished directory `inode`, if its node needs one. Returns a
 * status; errors are printed. */
enum status marks_finish(const struct marks *marks, const struct dirnode *node,
                         const struct meta_inode *inode);

#endif
