/*
 * Where the tree goes: the directory that is to be there in the end, and how it comes to be there
 * all at once.
 */
#ifndef TARUNPACK_TARGET_H
#define TARUNPACK_TARGET_H

#include "meta.h"
#include "staging.h"

#include <limits.h>
#include <stdbool.h>

struct target {
    const char *path; /* as the user wrote it; borrowed */
    bool replace;     /* a directory that stands, empty or not, is replaced */
    bool stands;      /* there is a directory */
    int parent;       /* the directory that holds it, resolved once */
    char name[NAME_MAX + 1];
    struct meta standing; /* of the directory that stands there, or what a new one gets */
};

/* Resolves the parent of `path` and looks at what stands there: nothing or an empty directory is
 * fine, and with `replace` any directory that no mount keeps in its place. Returns a status; the
 * line is printed. */
enum status target_open(struct target *target, const char *path, bool replace);

/* Publishes the staged tree under the target's name, by one rename, and with `sync` brings that to
 * the disk. The staging directory stays to be removed, with the replaced tree in it. Returns a
 * status; the line is printed, also where it was published but target_left_behind(). */
enum status target_publish(const struct target *target, struct staging *staging, bool sync);

/* Says that the tree was published, but that the one it replaced still lies beside it. Returns
 * STATUS_SYSTEM. */
enum status target_left_behind(const struct target *target);

/* Closes the parent. */
void target_close(struct target *target);

/* A directory that stands and is to be merged onto. */
struct target_merge {
    const char *path; /* as the user wrote it; borrowed */
    int fd;
    struct timespec mtime; /* to be set when staging and merging are done; */
    mode_t mode;           /* the same */
};

/* Opens the directory and locks it against other merges. Returns a status; the line is printed. */
enum status target_merge_open(struct target_merge *target, const char *path);

/* Sees to it that staging can be made in the directory, or removed from it, where its owner may not
 * write it; until target_merge_restore(). */
void target_merge_unlock(const struct target_merge *target);

/* Brings all that is in the directory to the disk. Returns a status; the line is printed. */
enum status target_merge_sync(const struct target_merge *target);

/* The directory's time and mode are, from now on, those to be kept. Returns a status; the line is
 * printed. */
enum status target_merge_remember(struct target_merge *target);

/* Sets the directory's time and mode to those that are kept: staging inside it has changed the
 * time, and target_merge_unlock(), or a merge that did not end, the mode. */
void target_merge_restore(const struct target_merge *target);

#endif
