/*
 * A digest that is computed beside the caller, by a thread of its own: the bytes are handed over in
 * pieces, which stay where they are until they were hashed.
 */
#ifndef TARUNPACK_ARCHIVE_HASHER_H
#define TARUNPACK_ARCHIVE_HASHER_H

#include "digest.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many pieces may wait. */
#define HASHER_PIECES 4

struct hasher_piece {
    const char *bytes;
    size_t length;
};

struct hasher {
    struct digest *digest; /* borrowed; or NULL */
    bool threaded;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct hasher_piece pieces[HASHER_PIECES];
    uint64_t given, done; /* pieces; those between wait */
    bool ending, failed;
};

/* Starts hashing into `digest`, which stays the caller's and is not to be touched until
 * hasher_stop(); NULL: nothing is to be hashed. With `threaded` false, or where no thread can be
 * had, hasher_give() hashes itself. */
void hasher_start(struct hasher *hasher, struct digest *digest, bool threaded);

/* Hands a piece over; waits while HASHER_PIECES pieces wait. */
void hasher_give(struct hasher *hasher, const char *bytes, size_t length);

/* Waits until no more than `pieces` of the pieces given are unhashed. */
void hasher_wait(struct hasher *hasher, unsigned pieces);

/* Waits until all pieces are hashed and ends the thread. Returns 0; -1 if hashing failed. May be
 * called again. */
int hasher_stop(struct hasher *hasher);

#endif
