/*
 * The tree under construction. Everything happens beneath one directory, through held descriptors
 * and names of one component: no path is resolved twice, no link is followed. Knows file systems,
 * not tar.
 *
 * A cursor stands in one directory at a time, and entries are made where it stands. All functions
 * that return a status have printed the line; `path` is for messages.
 */
#ifndef TARUNPACK_TREE_TREE_H
#define TARUNPACK_TREE_TREE_H

#include "overlay.h"
#include "tree/crew.h"
#include "tree/file.h"
#include "tree/meta.h"

#include <stdbool.h>
#include <stdint.h>

/* How the tree shows what the layers below lose. */
enum tree_form {
    TREE_PLAIN,   /* not at all */
    TREE_OVERLAY, /* as an overlay mount reads it: tree/marks.h */
    TREE_LAYER,   /* as a merge reads it: tree/layer.h */
};

struct tree_options {
    enum tree_form form;
    enum overlay_space overlay; /* where the attributes of TREE_OVERLAY go */
    struct meta_policy policy;  /* what may be set; its owner is that of new inodes */
    struct meta root;           /* for a root that has no entry */
    unsigned jobs;              /* threads that write; 1: only this one */
    bool no_holes;              /* write zeros where a file has long runs of them */
    bool sync;                  /* tree_sync() will be called */
    bool skip_devices;          /* leave devices out */
    bool lenient_devices;       /* leave out those that this user may not make */
    int links;                  /* TREE_LAYER: the file for links to what is not in the layer */
};

struct tree;

/* Starts with the empty directory `fd`, which it takes over, also on failure. `options` is copied.
 * NULL where that fails; the line is printed. */
struct tree *tree_new(const struct tree_options *options, int fd);

/* Moves the cursor to the directory at the first `length` bytes of `path`; what is missing is made.
 * STATUS_ARCHIVE where the path runs through something that is no directory. */
enum status tree_move(struct tree *tree, const char *path, size_t length);

/* Make an entry called `name` where the cursor stands. What has that name is replaced, a directory
 * only if it is empty: else STATUS_ARCHIVE. */
enum status tree_symlink(struct tree *tree, const char *name, const char *path, const char *target,
                         const struct meta *meta, const struct xattrs *xattrs);
enum status tree_special(struct tree *tree, const char *name, const char *path, mode_t type,
                         dev_t device, const struct meta *meta, const struct xattrs *xattrs);

/* The same for a directory; "." is the root. One that has the name stays, with other metadata. What
 * can't be set at once of that is kept for tree_finish(). */
enum status tree_directory(struct tree *tree, const char *name, const char *path,
                           const struct meta *meta, const struct xattrs *xattrs);

/* The same for a hard link to the entry at the path `target` below the root. STATUS_ARCHIVE where
 * there is nothing that can be linked to; TREE_LAYER keeps a missing target for the merge. */
enum status tree_hardlink(struct tree *tree, const char *name, const char *path,
                          const char *target);

/* The same for a file of `size` bytes: its content is for the caller to write, and the file his to
 * close. */
enum status tree_file(struct tree *tree, struct file *file, const char *name, const char *path,
                      uint64_t size, const struct meta *meta, const struct xattrs *xattrs);

/* Whether a file of `size` bytes called `name` can be made by tree_small_file(). */
bool tree_takes_small(const struct tree *tree, const char *name, uint64_t size);

/* Takes the file over. It is made at some time before tree_finish() ends, or before what needs it;
 * its failure is reported by whatever comes next. */
enum status tree_small_file(struct tree *tree, struct crew_file *file);

/* Mark `name` where the cursor stands as deleted from the layers below, or all that these have in
 * the directory where it stands. This layer's own entries stay; a directory of that name becomes
 * opaque. */
enum status tree_whiteout(struct tree *tree, const char *name, const char *path);
enum status tree_opaque(struct tree *tree, const char *path);

/* Completes the tree: files that wait, and the metadata of directories, the deepest first. */
enum status tree_finish(struct tree *tree);

/* Brings all of it to the disk. */
enum status tree_sync(struct tree *tree);

/* How many directories were made only because entries are in them, and how many bytes of attributes
 * wait in memory for tree_finish(). */
uint64_t tree_implied(const struct tree *tree);
uint64_t tree_kept(const struct tree *tree);

/* What was left out because this user may not set or make it. */
struct tree_left_out {
    bool owners, xattrs, acls, devices;
};

struct tree_left_out tree_left_out(const struct tree *tree);

/* Closes all and releases the memory; NULL is allowed. */
void tree_free(struct tree *tree);

#endif
