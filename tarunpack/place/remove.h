/*
 * Removes directory trees of any depth and mode, never across a mount or through a symbolic link. A
 * spool's marker and a merge journal are removed last, so that an interrupted removal leaves a
 * directory that is still recognised. No state.
 */
#ifndef TARUNPACK_PLACE_REMOVE_H
#define TARUNPACK_PLACE_REMOVE_H

#include "status.h"

/* Removes the directory `name` in the open directory `parent`, with its contents. `path` is for
 * messages. Returns a status; errors are printed. */
enum status remove_tree(int parent, const char *name, const char *path);

/* The same for an entry of any type. A missing entry is no error. */
enum status remove_any(int parent, const char *name, const char *path);

/* Removes the open directory `fd`, which stays the caller's and was opened as `name`, with its
 * contents. If another directory has that name now, its contents stay. Returns a status; errors are
 * printed. */
enum status remove_opened(int parent, int fd, const char *name);

#endif
