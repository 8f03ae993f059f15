/*
 * The lock by which a live run's directory is told from a dead one's: flock(2), which the kernel
 * gives back when the last process that shares the descriptor dies.
 */
#ifndef TARUNPACK_PLACE_LOCK_H
#define TARUNPACK_PLACE_LOCK_H

enum lock_result {
    LOCK_TAKEN,
    LOCK_HELD,        /* by somebody else */
    LOCK_UNSUPPORTED, /* this file system has no locks: nothing is known */
    LOCK_FAILED,      /* errno is set */
};

/* Takes the lock of the open file or directory `fd` without waiting: with `operation` LOCK_EX
 * alone, with LOCK_SH beside others who took it so. */
enum lock_result lock_take(int fd, int operation);

#endif
