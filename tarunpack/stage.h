/*
 * The tree under construction. Everything happens beneath one directory, through descriptors that
 * are held and names of one component: no path is resolved twice, no link is followed. Knows file
 * systems, not tar.
 *
 * A cursor stands in one directory at a time; entries that follow each other mostly share it.
 */
#ifndef TARUNPACK_STAGE_H
#define TARUNPACK_STAGE_H

#include "crew.h"
#include "dirs.h"
#include "dirtree.h"
#include "file.h"
#include "flusher.h"
#include "meta.h"
#include "overlay.h"

#include <stdbool.h>

/* The forms in which the tree shows what the layers below lose. */
enum stage_form {
    STAGE_PLAIN,   /* not at all */
    STAGE_OVERLAY, /* char 0:0 nodes and opaque attributes, as an overlay mount reads them */
    STAGE_LAYER,   /* a layer to be merged: see merge.h */
};

struct stage {
    struct dirs dirs; /* the cursor */
    uint32_t *nodes;  /* the dirtree node of each of its levels */
    size_t nodes_capacity;
    struct dirtree tree;
    struct meta_policy policy;
    struct meta root_default; /* for a root that has no entry */
    enum stage_form form;
    bool xwhiteouts; /* whiteouts are empty files with an attribute: this is an overlay itself */
    enum overlay_space overlay; /* where the opaque attribute goes */
    struct file_rules rules;
    unsigned jobs;        /* threads that write; 1: only this one */
    bool skip_devices;    /* leave devices out */
    bool lenient_devices; /* leave out those that may not be made */
    bool left_devices;    /* some were left out */
    int links;            /* STAGE_LAYER: the file that takes links to what is not in the layer */
    struct buf links_text;
    struct crew crew;       /* makes the small files */
    struct flusher flusher; /* brings what is there to the disk */
    uint64_t implied;       /* directories that were made because entries lie in them */
    uint64_t kept;          /* bytes of attributes that wait for stage_finish() */
};

/* Starts with the empty directory `fd`, which it takes over. The fields below `tree` are the
 * caller's to set, before. Returns a status; the line is printed. */
enum status stage_start(struct stage *stage, int fd);

/* Moves the cursor to the directory whose path is the first `length` bytes of `path`; what is
 * missing is made. STATUS_ARCHIVE where the path runs through something that is no directory. */
enum status stage_move(struct stage *stage, const char *path, size_t length);

/* Makes the directory `name` where the cursor stands, unless it is there; "." is the root. What
 * can't be set at once of its metadata is kept for stage_finish(). */
enum status stage_directory(struct stage *stage, const char *name, const char *path,
                            const struct meta *meta, const struct xattrs *xattrs);

/* The node of the directory where the cursor stands. */
uint32_t stage_here(const struct stage *stage);

/* Makes room for a new `name`: what stands there is removed, a directory only if it is empty.
 * STATUS_ARCHIVE where it is not. */
enum status stage_make_room(struct stage *stage, const char *name, const char *path);

/* Marks `name`, where the cursor stands, as deleted from the layers below. Another entry of that
 * name in the same layer stays, and a directory becomes opaque. */
enum status stage_whiteout(struct stage *stage, const char *name, const char *path);

/* Marks the directory where the cursor stands as opaque: all that the layers below have in it is
 * deleted. */
enum status stage_opaque(struct stage *stage, const char *path);

/* Make an entry called `name` where the cursor stands; `path` is for messages. An entry of that
 * name is replaced. All return a status; the line is printed. */
enum status stage_symlink(struct stage *stage, const char *name, const char *path,
                          const char *target, const struct meta *meta, const struct xattrs *xattrs);
enum status stage_special(struct stage *stage, const char *name, const char *path, mode_t type,
                          dev_t device, const struct meta *meta, const struct xattrs *xattrs);

/* Links `name` to what stands at the path `target` below the root. STATUS_ARCHIVE where that is
 * nothing that can be linked to; STAGE_LAYER keeps a target that is not there for the merge. */
enum status stage_hardlink(struct stage *stage, const char *name, const char *path,
                           const char *target);

/* Whether a file of `size` bytes, called `name` where the cursor stands, can be made by
 * stage_small_file(). */
bool stage_takes_small(const struct stage *stage, const char *name, uint64_t size);

/* Takes over the file, whose name is to be made where the cursor stands. It is made at some time
 * before stage_finish() ends, or whatever needs it; its failure is reported by whatever comes
 * next. */
enum status stage_small_file(struct stage *stage, struct crew_file *file);

/* Waits until a file called `name`, where the cursor stands, is made: everything that makes or
 * looks for a name does so first. */
enum status stage_settle(struct stage *stage, const char *name);

/* Creates the file `name` of `size` bytes where the cursor stands; its content is for the caller to
 * write, and the file his to close. */
enum status stage_file(struct stage *stage, struct file *file, const char *name, const char *path,
                       uint64_t size, const struct meta *meta, const struct xattrs *xattrs);

/* Sets what could not be set before: the metadata of all directories, the deepest first. */
enum status stage_finish(struct stage *stage);

/* Writes what is kept of STAGE_LAYER's links to their file. */
enum status stage_links_flush(struct stage *stage);

/* Brings all of it to the disk. */
enum status stage_sync(struct stage *stage);

/* Closes all and releases the memory. */
void stage_free(struct stage *stage);

#endif
