/*
 * The patterns of --exclude and --exclude-from: which paths they match, and which of them excluded
 * nothing.
 *
 * A pattern is one of glob(7) in which wildcards match slashes and leading dots, too. Slashes at
 * its end are dropped. With "/" or "./" in front it is anchored: it has to match the whole path
 * below DIR. Any other may also match what follows one of the path's slashes, as GNU tar's do.
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

/* Adds a copy of `pattern`. Returns a status; the line is printed. */
enum status exclude_add(struct exclude *exclude, const char *pattern);

/* Adds each line of the file ("-" is standard input) as it is; empty lines are passed over, and a
 * NUL byte is refused. `file` is borrowed. Returns a status; the line is printed. */
enum status exclude_add_file(struct exclude *exclude, const char *file);

/* Whether a pattern matches the path, which has no "./" in front. Each pattern that does is marked
 * as used. Several threads may call this at once. */
bool exclude_matches(const struct exclude *exclude, const char *path);

/* Warns of each pattern that is not marked as used. */
void exclude_warn_unused(const struct exclude *exclude);

/* Releases the memory. */
void exclude_free(struct exclude *exclude);

#endif
