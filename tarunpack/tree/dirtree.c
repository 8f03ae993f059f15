#include "tree/dirtree.h"

#include "array.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static size_t hash(const struct dirtree *tree, uint32_t parent, const char *name, size_t length)
{
    /* FNV-1a, seeded with the parent and a number that no archive can know. */
    uint64_t value = tree->seed ^ parent;
    for (size_t i = 0; i < length; i++)
        value = (value ^ (unsigned char)name[i]) * UINT64_C(1099511628211);
    return (size_t)(value ^ value >> 32);
}

/* The slot of the node, or the free slot for it. A removed node keeps its slot until the table
 * grows, so that searches continue past it. */
static size_t slot_find(const struct dirtree *tree, uint32_t parent, const char *name,
                        size_t length)
{
    for (size_t at = hash(tree, parent, name, length);; at++) {
        size_t slot = at & (tree->slots_capacity - 1);
        if (tree->slots[slot] == DIRTREE_NONE)
            return slot;
        const struct dirnode *node = &tree->nodes[tree->slots[slot]];
        if (node->name && node->parent == parent && strncmp(node->name, name, length) == 0 &&
            node->name[length] == '\0')
            return slot;
    }
}

static int slots_grow(struct dirtree *tree)
{
    size_t capacity = tree->slots_capacity ? tree->slots_capacity * 2 : 256;
    uint32_t *slots = malloc(capacity * sizeof *slots);
    if (!slots)
        return -1;
    memset(slots, 0xff, capacity * sizeof *slots);
    free(tree->slots);
    tree->slots = slots;
    tree->slots_capacity = capacity;
    for (size_t i = 1; i < tree->count; i++) {
        const struct dirnode *node = &tree->nodes[i];
        if (node->name)
            slots[slot_find(tree, node->parent, node->name, strlen(node->name))] = (uint32_t)i;
    }
    return 0;
}

static int nodes_reserve(struct dirtree *tree)
{
    if (tree->count + 1 >= DIRTREE_NONE)
        return -1;
    return array_reserve(&tree->nodes, &tree->capacity, tree->count + 1, sizeof *tree->nodes);
}

static struct dirnode node_new(uint32_t parent, char *name)
{
    return (struct dirnode){
        .name = name, .parent = parent, .first_child = DIRTREE_NONE, .next_sibling = DIRTREE_NONE};
}

int dirtree_start(struct dirtree *tree)
{
    /* Without a seed, a hostile archive can make searches slow, but nothing worse. */
    if (getrandom(&tree->seed, sizeof tree->seed, GRND_NONBLOCK) < 0)
        tree->seed = 0;
    if (slots_grow(tree) != 0 || nodes_reserve(tree) != 0)
        return -1;
    tree->nodes[tree->count++] = node_new(DIRTREE_NONE, NULL);
    return 0;
}

uint32_t dirtree_find(const struct dirtree *tree, uint32_t parent, const char *name, size_t length)
{
    return tree->slots[slot_find(tree, parent, name, length)];
}

uint32_t dirtree_add(struct dirtree *tree, uint32_t parent, const char *name, size_t length)
{
    uint32_t found = dirtree_find(tree, parent, name, length);
    if (found != DIRTREE_NONE)
        return found;
    if (tree->count * 2 >= tree->slots_capacity && slots_grow(tree) != 0)
        return DIRTREE_NONE;
    char *copy = nodes_reserve(tree) == 0 ? strndup(name, length) : NULL;
    if (!copy)
        return DIRTREE_NONE;
    uint32_t index = (uint32_t)tree->count++;
    tree->nodes[index] = node_new(parent, copy);
    tree->nodes[index].next_sibling = tree->nodes[parent].first_child;
    tree->nodes[parent].first_child = index;
    tree->slots[slot_find(tree, parent, name, length)] = index;
    return index;
}

static void xattrs_drop(struct dirnode *node)
{
    if (node->xattrs)
        xattrs_free(node->xattrs);
    free(node->xattrs);
    node->xattrs = NULL;
}

int dirtree_keep(struct dirnode *node, struct xattrs *xattrs)
{
    xattrs_drop(node);
    if (xattrs->count == 0)
        return 0;
    node->xattrs = malloc(sizeof *node->xattrs);
    if (!node->xattrs)
        return -1;
    *node->xattrs = *xattrs;
    *xattrs = (struct xattrs){0};
    return 0;
}

void dirtree_remove(struct dirtree *tree, uint32_t index)
{
    struct dirnode *node = &tree->nodes[index];
    free(node->name);
    node->name = NULL;
    xattrs_drop(node);
}

void dirtree_fill(struct dirtree *tree)
{
    /* A node comes after its parent. */
    for (size_t i = tree->count - 1; i > 0; i--) {
        const struct dirnode *node = &tree->nodes[i];
        if (node->name && (node->filled || node->explicit))
            tree->nodes[node->parent].filled = true;
    }
}

int dirtree_path(const struct dirtree *tree, uint32_t index, struct buf *path)
{
    size_t length = 0;
    for (uint32_t at = index; at != DIRTREE_ROOT; at = tree->nodes[at].parent) {
        if (!tree->nodes[at].name)
            return 1;
        length += strlen(tree->nodes[at].name) + 1;
    }
    path->length = 0;
    if (buf_append_fill(path, '/', length > 0 ? length - 1 : 0) != 0)
        return -1;
    for (uint32_t at = index; at != DIRTREE_ROOT; at = tree->nodes[at].parent) {
        size_t used = strlen(tree->nodes[at].name);
        length -= used + 1;
        memcpy(path->bytes + length, tree->nodes[at].name, used);
    }
    return 0;
}

struct dirnode *dirtree_node(const struct dirtree *tree, uint32_t node)
{
    return &tree->nodes[node];
}

void dirtree_free(struct dirtree *tree)
{
    for (size_t i = 0; i < tree->count; i++) {
        free(tree->nodes[i].name);
        xattrs_drop(&tree->nodes[i]);
    }
    free(tree->nodes);
    free(tree->slots);
    *tree = (struct dirtree){0};
}
