/*
 * A thread that syncs the tree while it is being unpacked, so that the disk works in parallel and
 * the final sync has little left to do. The fields are private to flusher.c.
 */
#ifndef TARUNPACK_TREE_FLUSHER_H
#define TARUNPACK_TREE_FLUSHER_H

#include "thread.h"

struct flusher {
    struct thread thread; /* unless it runs, the other fields are invalid */
    int directory;
    int error; /* errno of a failed sync, or 0 */
};

/* Starts syncing the file system of the open directory `directory`, which stays the caller's, a few
 * times per second. Does nothing if `wanted` is false or no thread can be started: this only saves
 * time. */
void flusher_start(struct flusher *flusher, int directory, bool wanted);

/* Ends the thread. Returns 0; -1 with errno set if a sync failed, which the kernel may not report a
 * second time (syncfs(2)). Does nothing if no thread is running. */
int flusher_stop(struct flusher *flusher);

#endif
