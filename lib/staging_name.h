/*
 * Names of the directories in which tarunpack builds a tree, and of zlsnap's spools:
 * .NAME.zlsnap-XXXXXX for the target NAME. Pure.
 */
#ifndef ZLSNAP_STAGING_NAME_H
#define ZLSNAP_STAGING_NAME_H

#include <limits.h>
#include <stdbool.h>

/* NAME for a merge, whose staging directory is inside the target. tarpack leaves it out. */
#define STAGING_MERGE "merge"

#define STAGING_RANDOM_LENGTH 6

/* The file that marks a directory as a spool even if others can rename files beside it. The driver
 * creates it first of all: spool_mark. */
#define STAGING_SPOOL_MARK ".zlsnap-spool"

/* The journal file in a merge's staging directory: tarunpack/merge/journal.h. */
#define STAGING_BEGUN "begun"

/* Writes the name for `target`, which is cut if it is too long; `random` selects the last part. */
void staging_name_make(char name[static NAME_MAX + 1], const char *target,
                       const unsigned char random[static STAGING_RANDOM_LENGTH]);

/* Whether `name` belongs to `target`. */
bool staging_name_is(const char *name, const char *target);

/* Whether `name` belongs to any target. */
bool staging_name_is_any(const char *name);

#endif
