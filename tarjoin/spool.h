/*
 * Inputs that are read twice.
 */
#ifndef TARJOIN_SPOOL_H
#define TARJOIN_SPOOL_H

#include "status.h"

/* If the input `fd`, called `name`, is not a regular file, copies its rest to one without a name in
 * $TMPDIR (/tmp), to which `fd` refers from then on. Returns a status; an error is printed. */
enum status spool_file(int fd, const char *name);

#endif
