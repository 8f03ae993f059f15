/*
 * Reads ahead of the walk. A second thread walks the same tree and asks the kernel for the contents
 * of files that the walk will reach, so that a slow disk has many requests at once. It starts when
 * reads have to wait for the disk, and pauses when nearly everything is cached: then it would only
 * use a core.
 */
#ifndef TARPACK_SCOUT_H
#define TARPACK_SCOUT_H

#include "tree/walk.h"

struct scout;

/* Prepares to read ahead of a walk of the open directory `root`. Returns NULL if that is not
 * possible; all functions below accept it. The caller releases it with scout_stop(). */
struct scout *scout_new(int root, const struct walk_limits *limits);

/* Tells the scout that the walk has reached its next item. */
void scout_step(struct scout *scout);

/* As pread(2). Notes whether the read had to wait. */
ssize_t scout_pread(struct scout *scout, int fd, void *space, size_t room, off_t offset);

/* Notes whether a read of the file, which another thread does, will have to wait. */
void scout_probe(struct scout *scout, int fd);

/* Ends the thread and releases the memory. */
void scout_stop(struct scout *scout);

#endif
