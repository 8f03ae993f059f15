/*
 * How the tree shows an overlay mount what the layers below lose: char 0:0 nodes and opaque
 * attributes, or where this is an overlay itself, attributes alone (kernel documentation,
 * filesystems/overlayfs.rst).
 */
#ifndef TARUNPACK_TREE_MARKS_H
#define TARUNPACK_TREE_MARKS_H

#include "overlay.h"
#include "tree/cursor.h"
#include "tree/meta.h"

#include <stdbool.h>
#include <sys/stat.h>

struct marks {
    enum overlay_space space; /* where the attributes go */
    bool trusted;             /* trusted.* attributes can be set */
    bool xwhiteouts;          /* whiteouts are empty files with an attribute; set by marks.c */
};

/* Whether `name`, of the given status, in the open directory `here` is a whiteout. Stores the
 * answer and returns 0; -1 with errno set where it can't be told. */
int marks_is_whiteout(const struct marks *marks, int here, const char *name,
                      const struct stat *status, bool *is);

/* Mark `name`, where the cursor stands, as deleted, or all that the layers below have in the
 * directory where it stands. What has that name in this layer stays; a directory becomes opaque.
 * `path` is for messages. Return a status; the line is printed. */
enum status marks_whiteout(struct marks *marks, struct cursor *cursor, const char *name,
                           const char *path);
enum status marks_opaque(const struct marks *marks, const struct cursor *cursor, const char *path);

/* Gives the finished directory `inode` the attribute that its node asks for. Returns a status; the
 * line is printed. */
enum status marks_finish(const struct marks *marks, const struct dirnode *node,
                         const struct meta_inode *inode);

#endif
