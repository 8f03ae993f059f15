/*
 * Escapes names for printing: they are untrusted, and a terminal would obey some of their bytes.
 * Pure.
 */
#ifndef ZLSNAP_ESCAPE_H
#define ZLSNAP_ESCAPE_H

#include <stddef.h>

/* One escaped character of a name. */
struct escape_unit {
    size_t source; /* bytes taken from the name */
    size_t length; /* bytes of `text`, without the NUL */
    char text[4 * 4 + 1];
};

/* Escapes the first character of `name`, which is not empty. Printable UTF-8 stays, a backslash is
 * doubled, control characters, bidirectional controls and bytes that are not UTF-8 become \ooo. */
struct escape_unit escape_next(const char *name);

#endif
