/*
 * Dates on the command line. Pure.
 */
#ifndef TARPACK_DATE_H
#define TARPACK_DATE_H

#include "tar_entry.h"

/* Reads "@SECONDS", which may be negative and have a fraction, or "YYYY-MM-DD[(T|
 * )HH:MM[:SS[.FRACTION]]] [Z|+HH:MM|-HH:MM]" (RFC 3339; UTC where nothing else is said, whatever TZ
 * is). A leap second, 23:59:60 UTC at the end of June or December, is 00:00:00 of the next day, as
 * POSIX counts. Returns 0; -1 for anything else. */
int date_parse(const char *text, struct tar_time *time);

#endif
