/*
 * Removes trees: whatever their depth and modes, never across a mount, never through a link. The
 * mark of a spool and the journal of a merge go last, so that what is left, if that is cut short,
 * is known for what it is.
 */
#ifndef TARUNPACK_PLACE_REMOVE_H
#define TARUNPACK_PLACE_REMOVE_H

#include "status.h"

/* Removes the directory `name` in the open directory `parent`, and all that is in it. `path` is its
 * path for messages. Returns a status; the line is printed. */
enum status remove_tree(int parent, const char *name, const char *path);

/* The same of the directory behind `fd`, which stays the caller's and which `name` was opened as:
 * should the name lead to another directory by now, that one keeps what is in it. */
enum status remove_opened(int parent, int fd, const char *name);

/* As remove_tree(), if it is a directory; anything else is unlinked, and nothing is fine. */
enum status remove_any(int parent, const char *name);

#endif
