/*
 * openat2(2): paths that are resolved by the kernel below a directory, through no link and into no
 * mount. glibc has no function for it.
 */
#ifndef TARUNPACK_PLACE_OPENAT2_H
#define TARUNPACK_PLACE_OPENAT2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Opens the directory `name` below the open directory `parent`, with O_RDONLY or O_PATH in `flags`.
 * Returns the descriptor; -1 with errno set, EXDEV where something is mounted there. */
int openat2_beneath(int parent, const char *name, uint64_t flags);

/* Opens, with O_PATH, the directory at the first `length` bytes of `path` below `root`, whatever
 * its length; none is `root` itself. Returns as openat2_beneath(). */
int openat2_directory(int root, const char *path, size_t length);

/* Opens the directory that holds `path` below `root`, and stores where its last component is in the
 * path. Returns as openat2_directory(). */
int openat2_parent(int root, const char *path, const char **name);

/* Whether the error says that a path leads nowhere: something is missing, or no directory. */
bool openat2_is_missing(int error);

/* Why the call can't be used at all, for a message: the kernel is older than Linux 5.6, or a filter
 * of system calls (seccomp(2)) that is older refuses what it does not know. NULL: it can. */
const char *openat2_problem(void);

#endif
