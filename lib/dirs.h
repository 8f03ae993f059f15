/*
 * A stack of open directories, from a root down to the current one. tarpack walks with it,
 * tarunpack reaches the directory of each entry with it, and trees are removed with it. Each level
 * is opened beneath the one above with O_NOFOLLOW, so no path is resolved twice. A bounded number
 * of levels stay open; one that was closed is reopened through ".." and checked by device and
 * inode.
 */
#ifndef ZLSNAP_DIRS_H
#define ZLSNAP_DIRS_H

#include "names.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The number of levels that stay open. */
#define DIRS_OPEN_MAX 64

struct dirs_level {
    int fd; /* -1 while closed */
    dev_t device;
    ino_t inode;
    size_t path_length; /* of the path that ends with this level */
    struct names names; /* empty until dirs_read() */
};

/* Zero-initialised it is empty. It owns its descriptors and memory. */
struct dirs {
    struct dirs_level *levels;
    size_t count; /* the root is level 0 */
    size_t capacity;
    size_t first_open; /* levels from here on are open; those above it closed, but for the root */
    struct buf path;   /* the names below the root, joined by slashes, NUL-terminated */
};

/* Opens the directory `name` in the open directory `parent` for reading, not following a link. "."
 * gives a second descriptor of `parent` with a position of its own (on btrfs it also shows entries
 * made since `parent` was opened). Returns the descriptor; -1 with errno set. */
int dirs_open(int parent, const char *name);

/* The magic link of proc(5) to a descriptor's inode, or to a name in that directory, for calls that
 * take only a path. Returned by value: valid until the end of the full expression. */
struct dirs_magic {
    char path[sizeof "/proc/self/fd/" + 3 * sizeof(int) + 1 + NAME_MAX + 1];
};

/* With `name` NULL, the link to `fd` itself. */
struct dirs_magic dirs_magic(int fd, const char *name);

/* Creates a file without a name (O_TMPFILE) in the open directory, for writing, readable by its
 * owner only. Returns the descriptor; -1 if the file system cannot, or if /proc, through which the
 * file gets its name, is missing. */
int dirs_create_unnamed(int directory);

/* Gives a file without a name a name in the open directory. Returns 0; -1 with errno set, EEXIST if
 * the name exists. */
int dirs_name(int fd, int directory, const char *name);

/* Whether `name` in the open directory `parent` is the inode of `fd`. */
bool dirs_is_same(int fd, int parent, const char *name);

/* If the process may not write or search the open directory `fd` but owns it, gives the owner these
 * rights and stores the old mode. Returns whether the mode was changed. */
bool dirs_unlock(int fd, mode_t *mode);

/* Starts with the open directory `fd` as the root; takes it over, also on failure. Returns 0; -1
 * with errno set. */
int dirs_start(struct dirs *dirs, int fd);

/* Pushes the open directory `fd`, which is `name` in the current one; takes it over, also on
 * failure. Returns 0; -1 with errno set. */
int dirs_push(struct dirs *dirs, int fd, const char *name);

/* Opens `name` in the current directory and pushes it. Returns 0; -1 with errno set (ELOOP or
 * ENOTDIR if it is not a directory). */
int dirs_enter(struct dirs *dirs, const char *name);

/* Pops the current directory, which is not the root. Returns 0; -1 with errno set: ESTALE if ".."
 * is no longer the directory it was entered from. */
int dirs_leave(struct dirs *dirs);

/* As dirs_leave(), but does not close the directory. Returns its descriptor, now the caller's; -1
 * with errno set. */
int dirs_detach(struct dirs *dirs);

/* Reads the names in the current directory. Returns 0; -1 with errno set. */
int dirs_read(struct dirs *dirs);

/* The names that dirs_read() has read; freed when the directory is left. */
struct names *dirs_names(const struct dirs *dirs);

/* The descriptor of the current directory; owned by `dirs`. */
int dirs_fd(const struct dirs *dirs);

/* The path of the current directory below the root, "" for the root. Valid until the next change.
 */
const char *dirs_path(const struct dirs *dirs);

/* Closes all levels and releases the memory. */
void dirs_free(struct dirs *dirs);

#endif
