/*
 * A path of held directory descriptors: how tarpack walks, how tarunpack reaches the directory of
 * each entry, how a tree is removed. Every level is opened beneath the one above it with
 * O_NOFOLLOW, so that no path is resolved twice; only a bounded number of levels stay open, and one
 * that was closed is found again through ".." and known by its device and inode.
 */
#ifndef ZLSNAP_DIRS_H
#define ZLSNAP_DIRS_H

#include "buf.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* How many levels stay open. */
#define DIRS_OPEN_MAX 64

struct dirs_level {
    int fd; /* -1 while closed */
    dev_t device;
    ino_t inode;
    size_t path_length; /* of the path that ends with this level */
};

/* Zero-initialised it is empty. It owns its descriptors and memory. */
struct dirs {
    struct dirs_level *levels;
    size_t count; /* the root is level 0 */
    size_t capacity;
    size_t first_open; /* levels from here on are open; those above it closed, but for the root */
    struct buf path;   /* the names below the root, joined by slashes, NUL-terminated */
};

/* Opens the directory `name` in the open directory `parent` for reading, if it is no link; "." is
 * `parent` itself by a descriptor that has its own position (and on btrfs shows what was made since
 * `parent` was opened). Returns the descriptor; -1 with errno set. */
int dirs_open(int parent, const char *name);

/* A path to the inode behind a descriptor, or to a name in the directory behind it, for calls that
 * take neither: the magic link of proc(5). By value, so that it lives as long as the call that it
 * is an argument of. */
struct dirs_magic {
    char path[sizeof "/proc/self/fd/" + 3 * sizeof(int) + 1 + NAME_MAX + 1];
};

/* `name` NULL: to the inode behind `fd` itself. */
struct dirs_magic dirs_magic(int fd, const char *name);

/* Whether `name` in the open directory `parent` is the inode behind `fd`. */
bool dirs_is_same(int fd, int parent, const char *name);

/* Where this user may not write or search the open directory `fd` but owns it, gives him the right
 * to, and stores the mode that it had. Returns whether it was changed. */
bool dirs_unlock(int fd, mode_t *mode);

/* Starts with the open directory `fd`, which it takes over (also on failure). Returns 0; -1 with
 * errno set. */
int dirs_start(struct dirs *dirs, int fd);

/* Adds the open directory `fd`, called `name` in the last level; takes it over (also on failure).
 * Returns 0; -1 with errno set. */
int dirs_push(struct dirs *dirs, int fd, const char *name);

/* Opens `name` in the last level and adds it. Returns 0; -1 with errno set (ELOOP or ENOTDIR where
 * it is no directory). */
int dirs_enter(struct dirs *dirs, const char *name);

/* Leaves the last level, which is not the root. Returns 0; -1 with errno set, ESTALE if the
 * directory above is no longer the one it was entered from. */
int dirs_leave(struct dirs *dirs);

/* As dirs_leave(), but hands the directory that was left over to the caller. Returns its
 * descriptor; -1 with errno set. */
int dirs_detach(struct dirs *dirs);

/* The descriptor of the last level; owned by `dirs`. */
int dirs_fd(const struct dirs *dirs);

/* The last level's path below the root; "" for the root itself. Valid until the next change. */
const char *dirs_path(const struct dirs *dirs);

/* Closes all and releases the memory. */
void dirs_free(struct dirs *dirs);

#endif
