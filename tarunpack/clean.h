/*
 * --clean: what dead runs left in a directory, whatever they were to make there.
 */
#ifndef TARUNPACK_CLEAN_H
#define TARUNPACK_CLEAN_H

#include "options.h"

/* Removes from the options' directory the staging directories, the driver's spools and the trees on
 * their way between the two that no live run has a lock on, and that are older than asked for, and
 * prints their names, one a line; in a dry run only that. Where locks do not work, the age alone
 * tells, if one is asked for. One that a merge was interrupted in stays. Whatever can't be removed
 * does not keep it from the next. Returns a status; the lines for failures are printed. */
enum status clean_run(const struct options *options);

#endif
