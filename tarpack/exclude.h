/*
 * The patterns of --exclude and --exclude-from.
 *
 * A pattern is that of glob(7), but wildcards also match slashes and leading dots. Slashes at its
 * end are ignored. A pattern that begins with "/" or "./" is anchored: it must match the whole path
 * below DIR. Any other may also match the part after any slash of the path, as in GNU tar.
 */
#ifndef TARPACK_EXCLUDE_H
#define TARPACK_EXCLUDE_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>

struct exclude_pattern;

/* Zero-initialised it is empty. It owns its memory. */
struct exclude {
    struct exclude_pattern *patterns;
    size_t count;
    size_t capacity;
};

/* Adds a copy of `pattern`. Returns a status; an error is printed. */
enum status exclude_add(struct exclude *exclude, const char *pattern);

/* Adds each line of the file ("-": standard input) unchanged. Empty lines are skipped, a NUL byte
 * is refused. `file` is borrowed. Returns a status; an error is printed. */
enum status exclude_add_file(struct exclude *exclude, const char *file);

/* Whether a pattern matches the path, which does not begin with "./". Marks each matching pattern
 * as used. Thread-safe. */
bool exclude_matches(const struct exclude *exclude, const char *path);

/* Warns about each pattern that is not marked as used. */
void exclude_warn_unused(const struct exclude *exclude);

/* Releases the memory. */
void exclude_free(struct exclude *exclude);

#endif
