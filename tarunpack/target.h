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
    int parent;       /* the directory that holds it, resolved once */
    char name[NAME_MAX + 1];
    struct meta standing; /* of the empty directory that stands there, or what a new one gets */
};

/* Resolves the parent of `path` and looks at what stands there: nothing or an empty directory is
 * fine. Returns a status; the line is printed. */
enum status target_open(struct target *target, const char *path);

/* Publishes the staged tree under the target's name, by one rename, and with `sync` brings that to
 * the disk. The staging directory stays to be removed. Returns a status; the line is printed. */
enum status target_publish(const struct target *target, struct staging *staging, bool sync);

/* Closes the parent. */
void target_close(struct target *target);

#endif
