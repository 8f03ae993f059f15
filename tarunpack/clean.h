/*
 * What dead runs left behind: staging directories, .NAME.zlsnap-XXXXXX, and the spools of zlsnap,
 * which are called the same. Removed is what this user owns and nobody holds a lock on.
 */
#ifndef TARUNPACK_CLEAN_H
#define TARUNPACK_CLEAN_H

#include "status.h"

#include <stdbool.h>
#include <stdint.h>

struct clean_options {
    bool dry_run;        /* only print the names */
    uint64_t older_than; /* seconds since it was last changed */
};

/* Removes the staging directories for `target` in the open directory `parent`; where others may
 * rename, only those that hold what a staging directory holds. Those of merges that have begun
 * stay. What can't be removed is a warning. */
void clean_target(int parent, const char *target);

/* Removes those for all targets in the directory `path`, and spools, and prints their names on
 * stdout, escaped, one a line; where others may rename, only what is known for ours by what it
 * holds. Those of merges that had begun stay, which is a warning. With `older_than`, also where the
 * file system knows no locks. What can't be removed is no reason to leave the next one; a name that
 * can't be printed is. Returns a status; the lines are printed. */
enum status clean_directory(const char *path, const struct clean_options *options);

#endif
