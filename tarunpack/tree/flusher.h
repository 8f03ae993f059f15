/*
 * A thread that has the disk write what was unpacked so far, so that it works beside the processors
 * and the sync at the end finds little left to do.
 */
#ifndef TARUNPACK_TREE_FLUSHER_H
#define TARUNPACK_TREE_FLUSHER_H

#include <pthread.h>
#include <stdbool.h>

struct flusher {
    bool started; /* else nothing below means anything */
    int directory;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool ending;
    int error; /* of a sync; 0: none */
};

/* Starts syncing the file system of the open directory `directory`, which stays the caller's, a few
 * times a second. If `wanted` is false, or where it can't be done, nothing happens: it only saves
 * time. */
void flusher_start(struct flusher *flusher, int directory, bool wanted);

/* Ends the thread. Returns 0; -1 with errno set if something could not be written, which the kernel
 * may not tell a second time (syncfs(2)). Does nothing if none was started, or it was stopped. */
int flusher_stop(struct flusher *flusher);

#endif
