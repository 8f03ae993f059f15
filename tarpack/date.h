/*
 * Dates on the command line. Pure.
 */
#ifndef TARPACK_DATE_H
#define TARPACK_DATE_H

#include "tar_entry.h"

/* Parses "@SECONDS", optionally negative and with a fraction, or
 * "YYYY-MM-DD[(T| )HH:MM[:SS[.FRACTION]]][Z|+HH:MM|-HH:MM]" (RFC 3339). The fraction may begin with
 * a comma, and T and Z may be lower case. The default zone is UTC, independent of TZ. A leap
 * second, 23:59:60 UTC at the end of June or December, is 00:00:00 of the next day, as in POSIX.
 * Returns 0; -1 for anything else. */
int date_parse(const char *text, struct tar_time *time);

#endif
