/*
 * The target: the directory that the user named, and its atomic replacement by the new tree.
 * target.c sets the fields of struct target; publish.c reads them.
 */
#ifndef TARUNPACK_PLACE_TARGET_H
#define TARUNPACK_PLACE_TARGET_H

#include "place/staging.h"

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

struct target {
    const char *path; /* as the user wrote it; borrowed */
    bool replace;     /* an existing directory, empty or not, is replaced */
    bool stands;      /* the directory exists */
    int parent;       /* its parent directory, resolved once */
    char name[NAME_MAX + 1];
    struct stat standing; /* its status, if it exists */
};

/* Resolves the parent of `path` and checks that the target can be published there: it must be
 * absent or an empty directory, or with `replace` any directory without mounts. Returns a status;
 * errors are printed. */
enum status target_open(struct target *target, const char *path, bool replace);

/* Publishes the tree of the staging directory under the target's name by one rename, and with
 * `sync` makes that durable. The staging directory remains, with the replaced tree in it. Returns a
 * status; errors are printed. After a failure of the rename, the target is unchanged. After a later
 * one (the new tree's time, the sync, removing a replaced tree), the new tree is published. */
enum status target_publish(const struct target *target, struct staging *staging, bool sync);

/* Prints that the tree was published, but the one that it replaced, or else the staging directory,
 * could not be removed. Returns STATUS_SYSTEM. */
enum status target_left_behind(const struct target *target);

/* Closes the parent. */
void target_close(struct target *target);

/* Removes trailing slashes from a path, since they would make open(2) follow a symbolic link. */
void target_slashes_cut(char *path);

/* Refuses the symbolic link `name` in the open directory `parent`, with a message about `path` that
 * names the link's target. Returns STATUS_SYSTEM. */
enum status target_link_refuse(const char *path, int parent, const char *name);

#endif
