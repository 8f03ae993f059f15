/*
 * The inside of a tree, for the files that tree.h is made of: each part belongs to one of them, and
 * the others only call that one's functions.
 */
#ifndef TARUNPACK_TREE_PARTS_H
#define TARUNPACK_TREE_PARTS_H

#include "tree/cursor.h"
#include "tree/flusher.h"
#include "tree/layer.h"
#include "tree/marks.h"
#include "tree/tree.h"

/* What is made before everything is in it may be entered by its owner only. */
#define TREE_UNFINISHED 0700

struct tree {
    struct tree_options options; /* as given, but for policy.uid, policy.gid, and what its functions
                                  * note as left out */
    struct cursor cursor;
    struct marks marks;
    struct layer_links links;
    struct file_rules rules;
    struct crew crew;       /* makes small files */
    struct flusher flusher; /* starts bringing files to the disk early */
    uint64_t implied, kept; /* directories.c: see tree.h */
    bool left_devices;      /* entry.c: some were left out */
};

/* tree.c: waits until a file called `name`, where the cursor stands, is made: what makes or looks
 * for a name calls it first. */
enum status tree_settle(struct tree *tree, const char *name);

/* tree.c: whether `name` in the open directory `here` is a whiteout. Returns as
 * marks_is_whiteout(). */
int tree_is_whiteout(const struct tree *tree, int here, const char *name, const struct stat *status,
                     bool *is);

/* directories.c: removes what has the name where the cursor stands, a directory only if it is
 * empty: else STATUS_ARCHIVE. */
enum status tree_make_room(struct tree *tree, const char *name, const char *path);

#endif
