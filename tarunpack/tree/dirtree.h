/*
 * The directories that were made, and the metadata that each is to have in the end: a directory's
 * times, its mode and its default ACL can only be set once all is in it. Knows names, not the file
 * system. Memory: a node for each directory.
 */
#ifndef TARUNPACK_TREE_DIRTREE_H
#define TARUNPACK_TREE_DIRTREE_H

#include "tree/meta.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIRTREE_NONE UINT32_MAX
#define DIRTREE_ROOT 0

struct dirnode {
    char *name; /* owned; NULL once the directory is gone again */
    uint32_t parent, first_child, next_sibling;
    bool explicit;   /* the archive has an entry for it: meta counts */
    bool implied;    /* it was made because of what lies in it */
    bool opaque;     /* it hides what the lower layers have there */
    bool xwhiteouts; /* files in it are whiteouts by attribute */
    struct meta meta;
    struct xattrs *xattrs; /* to be set in the end; owned; NULL: none */
};

/* Zero-initialised it is safe to free; dirtree_start() makes the root. */
struct dirtree {
    struct dirnode *nodes;
    size_t count, capacity;
    uint32_t *slots; /* hash of parent and name -> node */
    size_t slots_capacity;
    uint64_t seed; /* of the hash */
};

/* Makes the root. Returns 0; -1 if memory is out. */
int dirtree_start(struct dirtree *tree);

/* The child of that name, DIRTREE_NONE where there is none. */
uint32_t dirtree_find(const struct dirtree *tree, uint32_t parent, const char *name, size_t length);

/* The child of that name, made if need be; DIRTREE_NONE if memory is out. */
uint32_t dirtree_add(struct dirtree *tree, uint32_t parent, const char *name, size_t length);

/* Gives the node the attributes in `xattrs`, which is left empty, for those it had. Returns 0; -1
 * if memory is out. */
int dirtree_keep(struct dirnode *node, struct xattrs *xattrs);

/* Forgets a directory that was removed; it has no children left. */
void dirtree_remove(struct dirtree *tree, uint32_t index);

/* The node behind an index; valid until the next dirtree_add(). */
struct dirnode *dirtree_node(const struct dirtree *tree, uint32_t node);

/* Releases the memory. */
void dirtree_free(struct dirtree *tree);

#endif
