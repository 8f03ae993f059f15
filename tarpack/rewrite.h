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

/* Zero-initialised it only leaves out the attributes that another machine's policy would have to
 * agree with; FORMAT.md names them. */
struct rewrite {
    bool set_mtime, clamp_mtime; /* to `mtime`: all, or only those that are later */
    struct tar_time mtime;
    bool whole_seconds;
    bool set_uid, set_gid;
    uint32_t uid, gid;
    struct idmap uids, gids; /* not for what is set; but for the ids inside attributes */
    bool no_xattrs;
    struct globs xattrs_include, xattrs_exclude;
};

/* Changes the entry. Returns a status; the line for an id that no range maps is printed. */
enum status rewrite_entry(const struct rewrite *rewrite, struct tar_entry *entry);

/* Releases the memory. */
void rewrite_free(struct rewrite *rewrite);

#endif
