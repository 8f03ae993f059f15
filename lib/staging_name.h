/*
 * What tarunpack calls the directories in which it builds a tree, and zlsnap its spools:
 * .NAME.zlsnap-XXXXXX, for the target NAME. Pure.
 */
#ifndef ZLSNAP_STAGING_NAME_H
#define ZLSNAP_STAGING_NAME_H

#include <limits.h>
#include <stdbool.h>

/* The target's name where the staging directory lies inside the target: for a merge. tarpack does
 * not pack what is called so. */
#define STAGING_MERGE "merge"

#define STAGING_RANDOM_LENGTH 6

/* The file by which a spool is known for one, also where others may rename what is beside it: the
 * first thing that the driver makes in it, spool_mark in driver/pipeline.sh. */
#define STAGING_SPOOL_MARK ".zlsnap-spool"

/* The file in a merge's staging directory that is its journal: tarunpack/merge/journal.h. */
#define STAGING_BEGUN "begun"

/* Writes the name; `random` chooses its last part. A target's name that is too long for the pattern
 * is cut, the same way each time. */
void staging_name_make(char name[static NAME_MAX + 1], const char *target,
                       const unsigned char random[static STAGING_RANDOM_LENGTH]);

/* Whether `name` is one for the target. */
bool staging_name_is(const char *name, const char *target);

/* Whether `name` is one for any target. */
bool staging_name_is_any(const char *name);

#endif
