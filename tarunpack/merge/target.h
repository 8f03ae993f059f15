/*
 * The directory that a layer is merged onto: opened once, locked, and given back its own time and
 * mode where staging inside it changed them.
 */
#ifndef TARUNPACK_MERGE_TARGET_H
#define TARUNPACK_MERGE_TARGET_H

#include "status.h"

#include <sys/types.h>
#include <time.h>

struct merge_target {
    const char *path;      /* as the user wrote it; borrowed */
    int fd;                /* -1: not open */
    struct timespec mtime; /* what merge_target_restore() sets: the time, */
    mode_t mode;           /* and the mode */
};

/* Opens the directory and locks it against other merges. Returns a status; the line is printed. */
enum status merge_target_open(struct merge_target *target, const char *path);

/* Lets its owner write in it until merge_target_restore(), so that staging can be made there, or
 * removed. */
void merge_target_unlock(const struct merge_target *target);

/* Brings its file system to the disk. Returns a status; the line is printed. */
enum status merge_target_sync(const struct merge_target *target);

/* Makes its present time and mode those that merge_target_restore() sets. Returns a status; the
 * line is printed. */
enum status merge_target_remember(struct merge_target *target);

/* Sets its time and mode back. What fails is a warning. */
void merge_target_restore(const struct merge_target *target);

#endif
