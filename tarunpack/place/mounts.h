/*
 * Finds mounts that a replaced directory would take along. No state.
 */
#ifndef TARUNPACK_PLACE_MOUNTS_H
#define TARUNPACK_PLACE_MOUNTS_H

#include "status.h"

/* Refuses a directory if anything is mounted on or below it; the message names the mount point.
 * `fd` is open on the directory, O_PATH suffices; `path` is for messages. Returns a status; errors
 * are printed. */
enum status mounts_refuse(int fd, const char *path);

#endif
