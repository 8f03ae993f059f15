/*
 * The cache file of the next run. While all that it is to hold is what the old one begins with, in
 * the same order, it is only counted there; with the first record that is not, that part is copied
 * and the rest is written. So where nothing changed nothing is written, and the old file stays.
 *
 * Until it is complete the file has no name (O_TMPFILE), so a run that is killed leaves nothing. To
 * replace an old file it gets the private name .NAME.zlsnap-AAAAAA for a moment; whoever finds that
 * name there removes it. Runs that do this at once may rename each other's file: either is
 * complete. On a file system without O_TMPFILE the file has the private name from the beginning,
 * and is locked while its run is alive.
 */
#ifndef TARPACK_CACHE_NEW_H
#define TARPACK_CACHE_NEW_H

#include "buf.h"
#include "cache_file.h"
#include "cache_old.h"
#include "status.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cache_new {
    const char *path; /* as the user wrote it; borrowed */
    int directory;    /* that holds the file */
    char name[NAME_MAX + 1];
    char temporary[NAME_MAX + 1]; /* the private name, which is always the same */
    bool has_name;                /* the file has that name */
    int fd;
    bool differs;   /* from the old one; else nothing is written yet */
    struct buf out; /* the block that waits to be written */
    uint64_t check; /* of all before it */
    bool failed;    /* it could not be written: the old one stays */
};

/* Makes a file in the directory of `path`. Returns a status: STATUS_SYSTEM where it can't be made;
 * the line is printed. */
enum status cache_new_open(struct cache_new *new, const char *path);

/* From here on the new file is not the old one: it holds what of that comes before its next record,
 * and then what is added. That it can't be written, here and below, is a warning. */
void cache_new_differ(struct cache_new *new, const struct cache_old *old);

/* Adds to the last record, or begins one. Only for files that differ, as is the next. */
void cache_new_append(struct cache_new *new, const void *bytes, size_t length);

/* Ends a record. */
void cache_new_end(struct cache_new *new);

/* Puts the file in the place of the old one, if it differs. */
void cache_new_finish(struct cache_new *new);

/* Closes all; without cache_new_finish() the old file stays. */
void cache_new_close(struct cache_new *new);

#endif
