/*
 * What the command line changes in every entry: owners, times, and which attributes it has.
 */
#ifndef TARPACK_REWRITE_H
#define TARPACK_REWRITE_H

#include "globs.h"
#include "idmap.h"
#include "status.h"
#include "tar_entry.h"

#include <stdbool.h>

/* Zero-initialised it only removes attributes of one machine's policy; FORMAT.md lists them. */
struct rewrite {
    bool set_mtime, clamp_mtime; /* set all times to `mtime`, or only later ones */
    struct tar_time mtime;
    bool whole_seconds;
    bool set_uid, set_gid;
    uint32_t uid, gid;
    struct idmap uids, gids; /* for owners that are not set above, and for ids in attributes */
    bool no_xattrs;
    struct globs xattrs_include, xattrs_exclude;
};

/* Changes the entry. An id outside all ranges is an error. Returns a status; an error is printed.
 */
enum status rewrite_entry(const struct rewrite *rewrite, struct tar_entry *entry);

/* Releases the memory. */
void rewrite_free(struct rewrite *rewrite);

#endif
