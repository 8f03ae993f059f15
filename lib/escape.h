/*
 * Names made fit to print: they are an attacker's text, and terminals obey some of it. Pure.
 */
#ifndef ZLSNAP_ESCAPE_H
#define ZLSNAP_ESCAPE_H

#include <stddef.h>

/* One character of a name as it is printed. */
struct escape_unit {
    size_t source; /* bytes taken from the name */
    size_t length; /* bytes of `text`, without the NUL */
    char text[4 * 4 + 1];
};

/* The first character of `name`, which is not empty: as it is, if it is UTF-8 that a terminal
 * shows; a backslash as two; controls, reordering marks and bytes that are not UTF-8 as \ooo. */
struct escape_unit escape_next(const char *name);

#endif
