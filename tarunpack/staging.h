/*
 * The private directory beside the target in which a tree is built: .NAME.zlsnap-XXXXXX/tree. A
 * lock on it tells a live run's from a dead one's.
 */
#ifndef TARUNPACK_STAGING_H
#define TARUNPACK_STAGING_H

#include "digest.h"
#include "staging_name.h"
#include "status.h"

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#define STAGING_TREE "tree"

/* The file beside it in which a merge keeps the links to what is not in the layer. */
#define STAGING_LINKS "links"

/* The file beside it that says that a merge has begun to move the tree's entries away: it holds the
 * digest of the layer. */
#define STAGING_BEGUN "begun"

/* The same before it is whole. */
#define STAGING_BEGINNING "beginning"

/* The file beside it that says that the tree has been published, or is about to be: what is called
 * tree from now on may be the one that was replaced. */
#define STAGING_PUBLISHED "published"

struct staging {
    int parent; /* the directory that holds it; borrowed */
    int fd;     /* the wrapper, locked; -1: there is none */
    int tree;   /* the tree inside it */
    char name[NAME_MAX + 1];
};

/* Makes and locks the staging directory for `target`, which is in `parent`, or with `inside` (for
 * messages) is `parent`. That is open for reading or with O_PATH. It is refused where it turns out
 * not to be the one that was made. Returns a status; the line is printed. */
enum status staging_create(struct staging *staging, int parent, const char *target, bool inside);

/* Takes over the staging directory `name` for `target` in `parent` that another process made, which
 * may hold a lock on it as long as it lives: called so that a dead run's would be cleaned, this
 * user's, with mode 0700, and with a tree and nothing else in it. Nobody can take it over again.
 * Returns a status; the line is printed. */
enum status staging_adopt(struct staging *staging, int parent, const char *target,
                          const char *name);

/* Whether the open directory `fd` is a wrapper: it holds what staging_create() and a merge put
 * there, and nothing else. */
bool staging_is_wrapper(int fd);

/* Whether a merge has begun to move entries. */
bool staging_has_begun(const struct staging *staging);

/* Says so from now on, with `sync` also after a power cut. Returns 0; -1 with errno set. */
int staging_begin(const struct staging *staging, const struct digest_value *layer, bool sync);

/* Stores the digest of the layer that was being merged, or an empty text where that is not known.
 */
void staging_begun_by(const struct staging *staging, char text[static DIGEST_TEXT_SIZE]);

/* Closes the staging directory and leaves it where it is. */
void staging_leave(struct staging *staging);

/* Moves the tree out of its wrapper, to a name beside it that is as private, and locked: for a tree
 * whose mode, `mode`, does not let its owner move it to another directory but within one. Stores
 * the name. Returns 0; -1 with errno set. */
int staging_step_out(const struct staging *staging, const char *target, mode_t mode,
                     char name[NAME_MAX + 1]);

/* Removes the staging directory, with all that is in it by now, and closes it. Returns a status;
 * the line is printed. */
enum status staging_remove(struct staging *staging);

#endif
