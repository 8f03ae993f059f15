/*
 * What is mounted where.
 */
#ifndef TARUNPACK_PLACE_MOUNTS_H
#define TARUNPACK_PLACE_MOUNTS_H

#include "status.h"

/* Refuses, naming it, a directory on or below which anything is mounted. `fd` is open on it, also
 * with O_PATH; `path` is for messages. Returns STATUS_OK or STATUS_SYSTEM; the line is printed. */
enum status mounts_refuse(int fd, const char *path);

#endif
