/*
 * The directories of the tree, and their final metadata: a directory's times, mode and default ACL
 * can only be set after all its entries are created. Knows names, not the file system. Costs a node
 * of memory per directory. cursor.c adds nodes, the other files of tree/ set their fields.
 */
#ifndef TARUNPACK_TREE_DIRTREE_H
#define TARUNPACK_TREE_DIRTREE_H

#include "buf.h"
#include "tree/meta.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIRTREE_NONE UINT32_MAX
#define DIRTREE_ROOT 0

struct dirnode {
    char *name; /* owned; NULL for the root and removed directories */
    uint32_t parent, first_child, next_sibling;
    bool explicit;   /* the archive has an entry for it; `meta` is valid */
    bool implied;    /* created only as the parent of an entry */
    bool filled;     /* contains entries, not only whiteouts */
    bool whited_out; /* its name is whited out as well */
    bool opaque;     /* an opaque directory */
    bool xwhiteouts; /* contains xwhiteouts (see marks.c) */
    struct meta meta;
    struct xattrs *xattrs; /* to be set at the end; owned; NULL: none */
};

/* Zero-initialised it is safe to free. */
struct dirtree {
    struct dirnode *nodes;
    size_t count, capacity;
    uint32_t *slots; /* hash of parent and name -> node */
    size_t slots_capacity;
    uint64_t seed; /* of the hash */
};

/* Adds the root. Returns 0; -1 if out of memory. */
int dirtree_start(struct dirtree *tree);

/* The child of that name; DIRTREE_NONE if there is none. */
uint32_t dirtree_find(const struct dirtree *tree, uint32_t parent, const char *name, size_t length);

/* The child of that name, added if missing; DIRTREE_NONE if out of memory. */
uint32_t dirtree_add(struct dirtree *tree, uint32_t parent, const char *name, size_t length);

/* Replaces the node's attributes by `xattrs`, which is left empty. Returns 0; -1 if out of
 * memory. */
int dirtree_keep(struct dirnode *node, struct xattrs *xattrs);

/* Marks the node of a removed directory, which has no children left. */
void dirtree_remove(struct dirtree *tree, uint32_t index);

/* Marks the nodes above those that are filled or explicit as filled, too. */
void dirtree_fill(struct dirtree *tree);

/* Replaces `path` by the path of the node. Returns 0; 1 if it, or a node above it, was removed; -1
 * if out of memory. */
int dirtree_path(const struct dirtree *tree, uint32_t index, struct buf *path);

/* The node with that index; valid until the next dirtree_add(). */
struct dirnode *dirtree_node(const struct dirtree *tree, uint32_t node);

/* Releases the memory. */
void dirtree_free(struct dirtree *tree);

#endif
