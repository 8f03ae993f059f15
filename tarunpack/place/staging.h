/*
 * The staging directory: the private directory .NAME.zlsnap-XXXXXX, beside the target or inside the
 * directory merged onto. The tree under construction is the directory called tree in it. A lock
 * distinguishes a live run's staging directory from a dead one's. staging.c sets the fields of
 * struct staging, and journal.c those of the staging directories that it finds; others read `fd`,
 * `tree` and `name`.
 */
#ifndef TARUNPACK_PLACE_STAGING_H
#define TARUNPACK_PLACE_STAGING_H

#include "staging_name.h"
#include "status.h"

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#define STAGING_TREE "tree"

/* Files of a merge beside the tree (merge/journal.h): the list of links to entries that exist only
 * in the directory merged onto, and the journal while it is being written. */
#define STAGING_LINKS "links"
#define STAGING_BEGINNING "beginning"

/* An adopted tree has been published, or is about to be: the directory called tree may be the
 * replaced one. */
#define STAGING_PUBLISHED "published"

struct staging {
    int parent; /* its parent directory; borrowed */
    int fd;     /* the staging directory, locked; -1: none */
    int tree;   /* the tree in it; -1: none */
    char name[NAME_MAX + 1];
};

/* Creates and locks a staging directory for `target` in `parent`, which is open for reading or with
 * O_PATH; `inside` tells whether `parent` is itself the target, for messages. Fails if somebody
 * replaced the new directory before it was opened. Returns a status; errors are printed. */
enum status staging_create(struct staging *staging, int parent, const char *target, bool inside);

/* Takes over the staging directory `name` for `target` in `parent`, which another process made and
 * may hold locked. It must have a staging directory's name, belong to this user, have mode 0700,
 * and contain nothing but a tree. It can be taken over only once. Returns a status; errors are
 * printed. */
enum status staging_adopt(struct staging *staging, int parent, const char *target,
                          const char *name);

/* Whether the open directory `fd` has the mode of a staging directory, 0700, and contains only what
 * this module or a merge creates. Returns 1 or 0; -1 with errno set. */
int staging_is(int fd);

/* Closes the staging directory and leaves it in place. */
void staging_leave(struct staging *staging);

/* Moves the tree to a private, locked name beside the staging directory, and then sets its mode to
 * `mode`: a directory that its owner cannot write cannot be moved to another parent. Stores the
 * name. Returns 0; -1 with errno set. */
int staging_step_out(const struct staging *staging, const char *target, mode_t mode,
                     char name[NAME_MAX + 1]);

/* Removes the staging directory with its contents, and closes it. Returns a status; errors are
 * printed. */
enum status staging_remove(struct staging *staging);

#endif
