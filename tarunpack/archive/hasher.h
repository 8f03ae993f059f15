/*
 * Computes a digest in a thread of its own. The caller hands over the bytes in pieces and keeps
 * each in place until it is hashed. The fields are private to hasher.c.
 */
#ifndef TARUNPACK_ARCHIVE_HASHER_H
#define TARUNPACK_ARCHIVE_HASHER_H

#include "digest.h"
#include "thread.h"

#include <stddef.h>
#include <stdint.h>

/* How many pieces may be waiting. */
#define HASHER_PIECES 4

struct hasher_piece {
    const char *bytes;
    size_t length;
};

struct hasher {
    struct digest *digest; /* borrowed; may be NULL */
    struct thread thread;
    struct hasher_piece pieces[HASHER_PIECES];
    uint64_t given, done; /* numbers of pieces; the difference is waiting */
    bool failed;
};

/* Starts hashing into `digest`, which the caller must not use until hasher_stop(); NULL hashes
 * nothing. If `threaded` is false or no thread can be started, hasher_give() itself hashes. */
void hasher_start(struct hasher *hasher, struct digest *digest, bool threaded);

/* Hands over a piece. Waits while HASHER_PIECES pieces are waiting. */
void hasher_give(struct hasher *hasher, const char *bytes, size_t length);

/* Waits until at most `pieces` pieces are not hashed yet. */
void hasher_wait(struct hasher *hasher, unsigned pieces);

/* Waits until all pieces are hashed and ends the thread. Returns 0; -1 if hashing failed. May be
 * called again. */
int hasher_stop(struct hasher *hasher);

#endif
