/*
 * Removes what killed runs left behind: staging directories, .NAME.zlsnap-XXXXXX, and the spools of
 * zlsnap, which have the same names. Only directories that belong to this user and that nobody has
 * locked are removed. The caller sets struct clean_options.
 */
#ifndef TARUNPACK_CLEAN_H
#define TARUNPACK_CLEAN_H

#include "status.h"

#include <stdbool.h>
#include <stdint.h>

struct clean_options {
    bool dry_run;        /* print the names, remove nothing */
    uint64_t older_than; /* minimum age in seconds */
};

/* Removes the staging directories for `target` in the open directory `parent`. If other users can
 * rename there, only those with the contents of a staging directory. Staging directories with a
 * merge journal stay. Failed removals are only reported. */
void clean_target(int parent, const char *target);

/* Removes the staging directories for all targets, and spools, in the directory `path`, and prints
 * their escaped names on stdout, one per line. If other users can rename there, only those with the
 * contents of a staging directory or spool. Staging directories with a merge journal stay, with a
 * warning. With `older_than`, also cleans file systems without locks. Continues after a failed
 * removal, but not after stdout failed. Returns a status; errors are printed. */
enum status clean_directory(const char *path, const struct clean_options *options);

#endif
