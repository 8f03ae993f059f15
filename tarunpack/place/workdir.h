/*
 * The staging directory: the private directory .NAME.zlsnap-XXXXXX, beside the target or inside the
 * directory merged onto, in which a tree is built. A lock distinguishes a live run's from a dead
 * one's. Set by workdir.c, and by journal.c for those that it finds; others read `fd`, `tree` and
 * `name`.
 */
#ifndef TARUNPACK_PLACE_WORKDIR_H
#define TARUNPACK_PLACE_WORKDIR_H

#include "staging_name.h"
#include "status.h"

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#define WORKDIR_TREE "tree"

/* Files of a merge beside the tree (merge/journal.h): the list of links to entries below the layer,
 * and the journal while it is being written. */
#define WORKDIR_LINKS "links"
#define WORKDIR_BEGINNING "beginning"

/* An adopted tree has been published, or is about to be: the directory called tree may be the
 * replaced one. */
#define WORKDIR_PUBLISHED "published"

struct workdir {
    int parent; /* its parent directory; borrowed */
    int fd;     /* the directory itself, the wrapper, locked; -1: none */
    int tree;   /* the tree inside the wrapper */
    char name[NAME_MAX + 1];
};

/* Creates and locks a staging directory for `target` in `parent`, which is open for reading or with
 * O_PATH; `inside` tells whether `parent` is itself the target, for messages. Fails if somebody
 * replaced the new directory before it was opened. Returns a status; errors are printed. */
enum status workdir_create(struct workdir *workdir, int parent, const char *target, bool inside);

/* Takes over the staging directory `name` for `target` in `parent`, which another process made and
 * may hold locked. It must have a staging directory's name, belong to this user, have mode 0700,
 * and contain nothing but a tree. It can be taken over only once. Returns a status; errors are
 * printed. */
enum status workdir_adopt(struct workdir *workdir, int parent, const char *target,
                          const char *name);

/* Whether the open directory `fd` has a wrapper's mode, 0700, and contains only files that this
 * module or a merge creates. Returns 1 or 0; -1 with errno set. */
int workdir_is_wrapper(int fd);

/* Closes the staging directory and leaves it in place. */
void workdir_leave(struct workdir *workdir);

/* Moves the tree out of its wrapper, to a name beside it, private and locked, because its owner can
 * rename a directory of mode `mode` only within one parent. Stores the name. Returns 0; -1 with
 * errno set. */
int workdir_step_out(const struct workdir *workdir, const char *target, mode_t mode,
                     char name[NAME_MAX + 1]);

/* Removes the staging directory with its contents, and closes it. Returns a status; errors are
 * printed. */
enum status workdir_remove(struct workdir *workdir);

#endif
