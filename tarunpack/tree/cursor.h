/*
 * The cursor: the directory in which the next entries are created, as a path of open descriptors,
 * and a node for each directory of the tree. Consecutive entries mostly share their directory.
 * Knows nothing of whiteouts and metadata. cursor.c writes the fields of struct cursor, except
 * that finish.c leaves `dirs` again, and the files of tree/ set the final metadata in the nodes of
 * `made`.
 */
#ifndef TARUNPACK_TREE_CURSOR_H
#define TARUNPACK_TREE_CURSOR_H

#include "dirs.h"
#include "tree/dirtree.h"

#include <stddef.h>
#include <sys/types.h>

/* Zero-initialised it is safe to free. */
struct cursor {
    struct dirs dirs;
    uint32_t *nodes; /* the dirtree node of each level */
    size_t capacity;
    struct dirtree made;
};

/* Starts at the root, the open directory `fd`, which it takes ownership of (even on failure).
 * Returns 0; -1 with errno set. */
int cursor_start(struct cursor *cursor, int fd);

/* The descriptor of the cursor's directory; belongs to the cursor. */
int cursor_fd(const struct cursor *cursor);

/* The index of the node of the cursor's directory; and the node itself, valid until one is
 * added. */
uint32_t cursor_index(const struct cursor *cursor);
struct dirnode *cursor_node(const struct cursor *cursor);

/* The index of the node for the subdirectory `name`. cursor_add() adds a missing node, and returns
 * DIRTREE_NONE if out of memory; cursor_find() returns DIRTREE_NONE if there is none. */
uint32_t cursor_add(struct cursor *cursor, const char *name);
uint32_t cursor_find(const struct cursor *cursor, const char *name);

/* Enters the directory `name`, whose node is `node`. Returns 0; -1 with errno set: ENOENT, ENOTDIR
 * or ELOOP if there is no such directory. */
int cursor_enter(struct cursor *cursor, const char *name, uint32_t node);

/* Leaves directories until the cursor is at or above the directory that the first `length` bytes of
 * `path` name. Returns how many of these bytes are the path of the directory reached; -1 with errno
 * set. */
ssize_t cursor_leave(struct cursor *cursor, const char *path, size_t length);

/* Closes all and releases the memory. */
void cursor_free(struct cursor *cursor);

#endif
