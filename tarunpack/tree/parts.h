/*
 * struct tree, for the files that implement tree.h: parts.c, directories.c, entry.c and finish.c.
 * Each part has its own functions; nobody else touches its fields.
 */
#ifndef TARUNPACK_TREE_PARTS_H
#define TARUNPACK_TREE_PARTS_H

#include "tree/cursor.h"
#include "tree/flusher.h"
#include "tree/layer.h"
#include "tree/left_out.h"
#include "tree/marks.h"
#include "tree/route.h"
#include "tree/tree.h"

/* The mode of directories under construction: only their owner may enter them. */
#define TREE_UNFINISHED 0700

struct tree {
    struct tree_options options; /* as given, except for parts of `policy` */
    struct cursor cursor;
    struct marks marks;
    struct layer_links links;
    struct left_out left_out;
    struct left_out gone; /* TREE_PLAIN: the paths that were whited out */
    struct route route;
    struct file_rules rules;
    struct crew crew;       /* creates small files */
    struct flusher flusher; /* syncs in parallel */
    uint64_t implied, kept; /* set by directories.c; see tree.h */
    const char *root_mark;  /* an attribute that the root gets, or NULL; set by parts.c */
};

/* In parts.c: waits until no file called `name` is waiting for the crew in the cursor's directory.
 * Call it before creating or looking up a name. */
enum status tree_settle(struct tree *tree, const char *name);

/* In parts.c: whether `name` in the open directory `here` is a whiteout. Returns as
 * marks_is_whiteout(). */
int tree_is_whiteout(const struct tree *tree, int here, const char *name, const struct stat *status,
                     bool *is);

/* In directories.c: removes the entry `name` from the cursor's directory; STATUS_ARCHIVE if it is a
 * directory that is not empty. */
enum status tree_make_room(struct tree *tree, const char *name, const char *path);

#endif
