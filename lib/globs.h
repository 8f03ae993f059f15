/*
 * Lists of shell patterns (glob(7)) for names of attributes.
 */
#ifndef ZLSNAP_GLOBS_H
#define ZLSNAP_GLOBS_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>

/* Zero-initialised it is empty. It owns its memory. */
struct globs {
    char **patterns;
    size_t count;
    size_t capacity;
};

/* Adds a copy of `pattern`. Returns a status; an error is printed. */
enum status globs_add(struct globs *globs, const char *pattern);

/* Whether a pattern matches all of `text`; wildcards also match slashes and leading dots. */
bool globs_match(const struct globs *globs, const char *text);

/* Releases the memory. */
void globs_free(struct globs *globs);

#endif
