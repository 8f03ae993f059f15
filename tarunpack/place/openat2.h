/*
 * openat2(2), for which glibc has no function: opens directories beneath a directory, through no
 * symbolic link and into no mount. No state.
 */
#ifndef TARUNPACK_PLACE_OPENAT2_H
#define TARUNPACK_PLACE_OPENAT2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Opens the directory `name` beneath the open directory `parent`; `flags` are O_RDONLY or O_PATH.
 * Returns the descriptor; -1 with errno set, EXDEV for a mount point. */
int openat2_beneath(int parent, const char *name, uint64_t flags);

/* Opens, with O_PATH, the directory that the first `length` bytes of `path` name beneath `root`,
 * even beyond PATH_MAX; length 0 is `root` itself. Returns as openat2_beneath(). */
int openat2_directory(int root, const char *path, size_t length);

/* Opens the parent directory of `path` beneath `root`, and stores the address of the last component
 * in `path`. Returns as openat2_directory(). */
int openat2_parent(int root, const char *path, const char **name);

/* Whether the error means that the path does not exist, or that one of its parents is not a
 * directory. */
bool openat2_is_missing(int error);

/* Why openat2(2) does not work at all, as a message: the kernel is older than Linux 5.6, or a
 * seccomp(2) filter blocks it. NULL if it works. */
const char *openat2_problem(void);

#endif
