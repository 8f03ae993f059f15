/*
 * The paths in archives, made fit to be used: an attacker's text. Pure.
 */
#ifndef ZLSNAP_TAR_PATH_H
#define ZLSNAP_TAR_PATH_H

#include "buf.h"
#include "tar_error.h"

#include <stdbool.h>

/* The longest component: NAME_MAX of Linux. */
#define TAR_NAME_MAX 255

/* Stores the path in the form of tar_entry.path, NUL-terminated: components joined by single
 * slashes, without "." and without slashes at the ends; "." if nothing is left. Refuses an empty
 * text, a component "..", and one longer than TAR_NAME_MAX (but
 * for the last one, which can be the whiteout of such a name). `*absolute` is set if the text began
 * with a slash. */
enum tar_error tar_path_normalise(const char *text, struct buf *path, bool *absolute);

/* The last component of such a path. */
const char *tar_path_name(const char *path);

#endif
