/*
 * Looks ahead of the walk, if most files are unchanged. A second thread walks the same tree and
 * reads the names in directories and the status of regular files, so that the walk has less to do.
 *
 *     thread: walk ──→ ring of pieces, in the order of the walk ──→ pack
 *
 * A piece has the status of some files of one directory, and the first one of a directory its
 * names. What the thread does not offer is read by the walk: when few pieces are ahead, the thread
 * only reads names, so that both are busy. Nothing depends on it: the names are used if the
 * directory has not changed since they were read, and a status was the file's status at that time.
 */
#ifndef TARPACK_AHEAD_H
#define TARPACK_AHEAD_H

#include "tree/walk.h"

struct ahead;

/* Prepares to look ahead of a walk of the open directory `root`. Returns NULL if that is not
 * possible; all functions below accept it. The caller releases it with ahead_stop(). */
struct ahead *ahead_new(int root, const struct walk_limits *limits);

/* To be called before the walk enters a directory. Whether its names are known; then stores them,
 * and the caller releases them. */
bool ahead_names(struct ahead *ahead, const struct walk_item *directory, struct names *names);

/* Whether the status of the regular file is known; then stores it. Items must come in the order of
 * the walk. */
bool ahead_status(struct ahead *ahead, const struct walk_item *item, struct stat *status);

/* Ends the thread and releases the memory. */
void ahead_stop(struct ahead *ahead);

#endif
