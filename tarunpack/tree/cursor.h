/*
 * Where in the tree the next entry goes: a path of held descriptors, and the directories that were
 * made so far. Entries that follow each other mostly share their directory. Knows names and
 * directories, and neither whiteouts nor metadata.
 */
#ifndef TARUNPACK_TREE_CURSOR_H
#define TARUNPACK_TREE_CURSOR_H

#include "dirs.h"
#include "tree/dirtree.h"

#include <stddef.h>
#include <sys/types.h>

/* Zero-initialised it is safe to free. Its fields are for cursor.c alone, but for `made`, in which
 * others note what each directory is to have in the end. */
struct cursor {
    struct dirs dirs;
    uint32_t *nodes; /* the dirtree node of each level */
    size_t capacity;
    struct dirtree made;
};

/* Starts at the root, the open directory `fd`, which it takes over (also on failure). Returns 0; -1
 * with errno set. */
int cursor_start(struct cursor *cursor, int fd);

/* The directory where it stands, its descriptor and its path below the root ("" for the root), and
 * the root's descriptor. Owned by the cursor. */
int cursor_fd(const struct cursor *cursor);
const char *cursor_path(const struct cursor *cursor);
int cursor_root(const struct cursor *cursor);

/* The node of the directory where it stands, by index and, valid until one is added, itself. */
uint32_t cursor_node(const struct cursor *cursor);
struct dirnode *cursor_note(const struct cursor *cursor);

/* The index of the node of the directory `name` where it stands, added if need be; DIRTREE_NONE if
 * memory is out. cursor_find() adds none: DIRTREE_NONE where there is none. */
uint32_t cursor_add(struct cursor *cursor, const char *name);
uint32_t cursor_find(const struct cursor *cursor, const char *name);

/* Enters the directory `name`, whose node is `node`. Returns 0; -1 with errno set, ENOENT, ENOTDIR
 * or ELOOP where there is no such directory. */
int cursor_enter(struct cursor *cursor, const char *name, uint32_t node);

/* Leaves all directories that are not on the way to the directory at the first `length` bytes of
 * `path`. Returns how many of these bytes lead to where it stands then; -1 with errno set. */
ssize_t cursor_leave(struct cursor *cursor, const char *path, size_t length);

/* Leaves the directory where it stands, which is not the root, and hands it over to the caller.
 * Returns its descriptor; -1 with errno set. */
int cursor_detach(struct cursor *cursor);

/* Closes all and releases the memory. */
void cursor_free(struct cursor *cursor);

#endif
