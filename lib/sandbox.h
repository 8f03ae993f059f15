/*
 * Confines the process that reads untrusted data. No state.
 */
#ifndef ZLSNAP_SANDBOX_H
#define ZLSNAP_SANDBOX_H

#include "status.h"

/* What the process will do beneath the directory. */
enum sandbox_use {
    SANDBOX_READ,  /* read files */
    SANDBOX_FILES, /* create, write, rename and remove files, not read them */
    SANDBOX_TREE,  /* make a tree of anything, not read its files */
};

/* Gives up new privileges, and with Landlock (kernel documentation, userspace-api/landlock.rst)
 * access to all files, except for `use` beneath the open directory `fd` (-1: no exception). Newer
 * kernels also deny TCP (Linux 6.7), and signals and abstract sockets to outside processes (6.12).
 * Open descriptors stay usable. A kernel whose Landlock is missing, or too old to allow links
 * between directories, is not an error but causes a note. STATUS_SYSTEM if memory or descriptors
 * run out; the error is printed. */
enum status sandbox_enter(int fd, enum sandbox_use use);

/* The same, with two such directories. */
enum status sandbox_enter_two(int fd, int other, enum sandbox_use use);

#endif
