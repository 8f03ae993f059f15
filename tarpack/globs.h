/*
 * Lists of shell patterns (glob(7)).
 */
#ifndef TARPACK_GLOBS_H
#define TARPACK_GLOBS_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>

/* Zero-initialised it is empty. It owns its memory. */
struct globs {
    char **patterns;
    size_t count;
};

/* Adds a copy of `pattern`, without slashes at its end. Returns a status; the line is printed. */
enum status globs_add(struct globs *globs, const char *pattern);

/* Adds each line of the file ("-" is stdin); empty lines are passed over. Returns a status; the
 * line is printed. */
enum status globs_add_file(struct globs *globs, const char *file);

/* Whether a pattern matches the whole of `text`; wildcards match slashes and leading dots, too. */
bool globs_match(const struct globs *globs, const char *text);

/* As tar --exclude: whether a pattern matches the path, or what is left of it behind one of its
 * slashes. */
bool globs_match_path(const struct globs *globs, const char *path);

/* Releases the memory. */
void globs_free(struct globs *globs);

#endif
