/*
 * Confines the process that reads untrusted data. No state.
 */
#ifndef TARUNPACK_PLACE_SANDBOX_H
#define TARUNPACK_PLACE_SANDBOX_H

#include "status.h"

/* Gives up new privileges, and with Landlock (kernel documentation, userspace-api/landlock.rst)
 * access to all files except those beneath the open directory `fd` (-1: to all files). Newer
 * kernels also deny TCP (Linux 6.7), and signals and abstract sockets to outside processes (6.12).
 * Open descriptors stay usable. A kernel whose Landlock is missing, or too old to allow links
 * between directories, is not an error but causes a note. STATUS_SYSTEM if memory or descriptors
 * run out; the error is printed. */
enum status sandbox_enter(int fd);

#endif
