/*
 * Normalises the untrusted paths of an archive. Pure.
 */
#ifndef ZLSNAP_TAR_PATH_H
#define ZLSNAP_TAR_PATH_H

#include "buf.h"
#include "tar_error.h"

#include <stdbool.h>
#include <stddef.h>

/* The longest component: NAME_MAX of Linux. */
#define TAR_NAME_MAX 255

/* Stores the path in the form of tar_entry.path, NUL-terminated: without "." components, repeated
 * slashes and slashes at the ends; "." if nothing is left. Refuses an empty text, a component "..",
 * and a component longer than TAR_NAME_MAX; the last one may be the whiteout of such a name. Sets
 * `*absolute` if the text begins with a slash. */
enum tar_error tar_path_normalise(const char *text, struct buf *path, bool *absolute);

/* Compares paths in the order of the walk (FORMAT.md 2.1): an entry comes before what is below it,
 * and that before the next sibling, even if the sibling's name begins with the entry's. Returns a
 * negative number, 0 or a positive number, as strcmp(3). */
int tar_path_compare(const char *a, const char *b);

/* The same, but compares `a` with the first `length` bytes of `b`. */
int tar_path_compare_start(const char *a, const char *b, size_t length);

/* The last component of a normalised path. */
const char *tar_path_name(const char *path);

#endif
