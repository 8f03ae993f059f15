/*
 * The lock that distinguishes a live run's directory from a dead one's: flock(2), which the kernel
 * releases when the last process with the descriptor dies. No state.
 */
#ifndef ZLSNAP_LOCK_H
#define ZLSNAP_LOCK_H

enum lock_result {
    LOCK_TAKEN,
    LOCK_HELD,        /* by another process */
    LOCK_UNSUPPORTED, /* the file system has no locks */
    LOCK_FAILED,      /* errno is set */
};

/* Tries to lock the open file or directory `fd`, without waiting: LOCK_EX or LOCK_SH, as in
 * flock(2). */
enum lock_result lock_take(int fd, int operation);

#endif
