/*
 * The private directory beside the target in which a tree is built: .NAME.zlsnap-XXXXXX/tree. A
 * lock on it tells a live run's from a dead one's.
 */
#ifndef TARUNPACK_PLACE_WORKDIR_H
#define TARUNPACK_PLACE_WORKDIR_H

#include "staging_name.h"
#include "status.h"

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#define WORKDIR_TREE "tree"

/* Of a merge, see merge/journal.h: the file beside it with the links to what is not in the layer,
 * and the journal while it is written. */
#define WORKDIR_LINKS "links"
#define WORKDIR_BEGINNING "beginning"

/* The file beside it that says that the tree has been published, or is about to be: what is called
 * tree from now on may be the one that was replaced. */
#define WORKDIR_PUBLISHED "published"

struct workdir {
    int parent; /* the directory that holds it; borrowed */
    int fd;     /* the wrapper, locked; -1: there is none */
    int tree;   /* the tree inside it */
    char name[NAME_MAX + 1];
};

/* Makes and locks the staging directory for `target`, which is in `parent`, or with `inside` (for
 * messages) is `parent`. That is open for reading or with O_PATH. It is refused where it turns out
 * not to be the one that was made. Returns a status; the line is printed. */
enum status workdir_create(struct workdir *workdir, int parent, const char *target, bool inside);

/* Takes over the staging directory `name` for `target` in `parent` that another process made, which
 * may hold a lock on it as long as it lives: called so that a dead run's would be cleaned, this
 * user's, with mode 0700, and with a tree and nothing else in it. Nobody can take it over again.
 * Returns a status; the line is printed. */
enum status workdir_adopt(struct workdir *workdir, int parent, const char *target,
                          const char *name);

/* Whether the open directory `fd` is a wrapper: it has mode 0700, and holds what workdir_create(),
 * a merge and workdir_adopt() put there, and nothing else. Returns 1 or 0; -1 with errno set. */
int workdir_is_wrapper(int fd);

/* Closes the staging directory and leaves it where it is. */
void workdir_leave(struct workdir *workdir);

/* Moves the tree out of its wrapper, to a name beside it that is as private, and locked: for a tree
 * whose mode, `mode`, does not let its owner move it to another directory but within one. Stores
 * the name. Returns 0; -1 with errno set. */
int workdir_step_out(const struct workdir *workdir, const char *target, mode_t mode,
                     char name[NAME_MAX + 1]);

/* Removes the staging directory, with all that is in it by now, and closes it. Returns a status;
 * the line is printed. */
enum status workdir_remove(struct workdir *workdir);

#endif
