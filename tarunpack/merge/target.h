/*
 * The directory that a layer is merged onto: opens and locks it, and restores its time and mode
 * where staging inside it changed them. target.c sets the fields of struct merge_target; onto.c
 * reads `path` and `fd`.
 */
#ifndef TARUNPACK_MERGE_TARGET_H
#define TARUNPACK_MERGE_TARGET_H

#include "status.h"

#include <sys/types.h>
#include <time.h>

struct merge_target {
    const char *path;      /* as the user wrote it; borrowed */
    int fd;                /* -1: not open */
    struct timespec mtime; /* merge_target_restore() sets this time */
    mode_t mode;           /* and this mode */
};

/* Opens the directory, locks it against other merges and remembers its time and mode. The
 * descriptor, which holds the lock, stays open until the process ends, also after a failure.
 * Returns a status; errors are printed. */
enum status merge_target_open(struct merge_target *target, const char *path);

/* Gives its owner write permission until merge_target_restore(), to create or remove staging in
 * it. */
void merge_target_unlock(const struct merge_target *target);

/* Syncs its file system. Returns a status; errors are printed. */
enum status merge_target_sync(const struct merge_target *target);

/* Remembers its present time and mode. Returns a status; errors are printed. */
enum status merge_target_remember(struct merge_target *target);

/* Restores the remembered time and mode. Prints a warning on failure. */
void merge_target_restore(const struct merge_target *target);

#endif
