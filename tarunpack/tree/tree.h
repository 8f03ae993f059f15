/*
 * The tree under construction. All work happens beneath one directory, through open descriptors and
 * single names: no path is resolved twice, no link is followed. Knows file systems, not tar. The
 * caller sets struct tree_options; struct tree is opaque.
 *
 * New entries are created in the directory of the tree's cursor. All functions that return a status
 * have printed the error; `path` is for messages.
 */
#ifndef TARUNPACK_TREE_TREE_H
#define TARUNPACK_TREE_TREE_H

#include "overlay.h"
#include "tree/crew.h"
#include "tree/file.h"
#include "tree/meta.h"

#include <stdbool.h>
#include <stdint.h>

/* The form of whiteouts and opaque directories. */
enum tree_form {
    TREE_PLAIN,   /* none */
    TREE_OVERLAY, /* for an overlay mount: tree/marks.h */
    TREE_LAYER,   /* for a merge: tree/layer.h */
};

struct tree_options {
    const char *directory; /* the path that the tree gets, for messages; borrowed */
    enum tree_form form;
    enum overlay_space overlay; /* TREE_OVERLAY: the namespace of its attributes */
    struct meta_policy policy;  /* uid, gid and exact_times are set by tree_new() */
    struct meta root;           /* metadata of a root without an entry */
    unsigned jobs;              /* writer threads; 1: the caller's only */
    bool no_holes;              /* write long runs of zeros instead of holes */
    bool sync;                  /* tree_sync() will be called */
    bool skip_devices;          /* leave out all devices */
    bool lenient_devices;       /* leave out devices that this user may not create */
    int links;                  /* TREE_LAYER: the file for hard links to missing targets, */
    int below;                  /* and the directory merged onto (O_PATH); otherwise -1 */
};

struct tree;

/* Starts with the empty directory `fd`, which it takes ownership of, even on failure. `options` is
 * copied. NULL on failure; the error is printed. */
struct tree *tree_new(const struct tree_options *options, int fd);

/* Moves the cursor to the directory that the first `length` bytes of `path` name, and creates
 * missing parents. A parent that is a symbolic link leads to another directory of the tree
 * (tree/route.h). If a parent is no directory, STATUS_ARCHIVE; or if `blocked` is not NULL, this is
 * stored there, and the cursor stays above it. */
enum status tree_move(struct tree *tree, const char *path, size_t length, bool *blocked);

/* Whether the cursor is in the root. */
bool tree_is_at_root(const struct tree *tree);

/* Says that an entry other than a whiteout comes next, in the cursor's directory. */
void tree_entry(struct tree *tree);

/* Create an entry `name` in the cursor's directory. An existing entry is replaced; STATUS_ARCHIVE
 * if it is a directory that is not empty, unless it has no entry of its own. */
enum status tree_symlink(struct tree *tree, const char *name, const char *path, const char *target,
                         const struct meta *meta, const struct xattrs *xattrs);
enum status tree_special(struct tree *tree, const char *name, const char *path, mode_t type,
                         dev_t device, const struct meta *meta, const struct xattrs *xattrs);

/* The same for a directory; "." is the root. An existing directory stays and gets the new metadata.
 * Metadata that cannot be set yet is kept for tree_finish(). */
enum status tree_directory(struct tree *tree, const char *name, const char *path,
                           const struct meta *meta, const struct xattrs *xattrs);

/* The same for a hard link to the entry at the path `target` from the root. STATUS_ARCHIVE if
 * there is nothing to link to; TREE_LAYER leaves missing targets to the merge. A link to a device
 * that was left out is also left out, with a warning. */
enum status tree_hardlink(struct tree *tree, const char *name, const char *path,
                          const char *target);

/* The same for a file of `size` bytes. The caller writes its content and closes it. */
enum status tree_file(struct tree *tree, struct file *file, const char *name, const char *path,
                      uint64_t size, const struct meta *meta, const struct xattrs *xattrs);

/* Whether tree_small_file() can create a file `name` of `size` bytes. */
bool tree_takes_small(const struct tree *tree, const char *name, uint64_t size);

/* Takes ownership of the file. It is created at the latest in tree_finish(), or before an operation
 * that needs it; any later call may return its failure. */
enum status tree_small_file(struct tree *tree, struct crew_file *file);

/* Mark `name` in the cursor's directory as whited out, or that directory as opaque. Entries of this
 * layer stay; a directory called `name` becomes opaque, unless it contains nothing but whiteouts
 * and has no entry of its own: it does not appear then. */
enum status tree_whiteout(struct tree *tree, const char *name, const char *path);
enum status tree_opaque(struct tree *tree, const char *path);

/* Removes the directory `name` of the root, with all in it, if it was made. */
enum status tree_drop(struct tree *tree, const char *name);

/* Makes tree_finish() mark the root as that of a mount with attributes in `space`: without it,
 * tarpack could take those in the other namespace for the mount's. Not for TREE_LAYER. */
void tree_show_space(struct tree *tree, enum overlay_space space);

/* Completes the tree: waiting files, then the metadata of directories, the deepest first. */
enum status tree_finish(struct tree *tree);

/* Waits until the tree is on disk. */
enum status tree_sync(struct tree *tree);

/* The number of directories that were created only as parents; and of bytes kept in memory:
 * attributes for tree_finish(), and the paths of devices that were left out. */
uint64_t tree_implied(const struct tree *tree);
uint64_t tree_kept(const struct tree *tree);

/* The policy, which tells what was left out. */
struct meta_policy *tree_policy(struct tree *tree);

/* Closes all and releases the memory; NULL is allowed. */
void tree_free(struct tree *tree);

#endif
