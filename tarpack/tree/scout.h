/*
 * A thread that goes ahead of a walk and asks for the content of the files that the walk will come
 * to, so that a cold disk has many requests at a time. It does nothing until a read has had to wait
 * for the disk, and rests again where hardly one would: on a warm cache it only takes a core.
 */
#ifndef TARPACK_SCOUT_H
#define TARPACK_SCOUT_H

#include "tree/walk.h"

#include <pthread.h>
#include <stdatomic.h>

struct scout {
    int root; /* its own descriptor of the root, the thread's once that has started; -1: no scout */
    /* Whether the walk leaves the item, and all below it, out. To be called by several threads. */
    bool (*leaves_out)(const void *context, const struct walk_item *item);
    const void *context;
    bool one_file_system; /* it leaves out what is mounted below, too */
    dev_t device;         /* of the root */
    bool blind;           /* reads can't tell whether they would wait */
    bool started;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t moved;
    atomic_size_t walked; /* items that the walk has come to */
    atomic_bool working;  /* the scout is needed */
    atomic_bool waiting;  /* it waits to be woken */
    unsigned cold;        /* how many of the walk's reads had to wait lately, times COLD_WEIGHT */
    unsigned found;       /* how many of the scout's files were not in the cache lately, the same */
    bool ending;
};

/* Prepares to go ahead of a walk that starts at the open directory `root`. Where that can't be
 * opened anew, or `wanted` is false, there is no scout. What the walk leaves out is the caller's to
 * set behind this. */
void scout_prepare(struct scout *scout, int root, bool wanted);

/* The walk has come to its next item. */
void scout_step(struct scout *scout);

/* Reads as pread(2), and notices whether that had to wait. */
ssize_t scout_pread(struct scout *scout, int fd, void *space, size_t room, off_t offset);

/* Ends the thread. */
void scout_stop(struct scout *scout);

#endif
