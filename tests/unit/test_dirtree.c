/*
 * The tree of created directories.
 */
#include "tap.h"
#include "tree/dirtree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t add(struct dirtree *tree, uint32_t parent, const char *name)
{
    return dirtree_add(tree, parent, name, strlen(name));
}

static uint32_t find(const struct dirtree *tree, uint32_t parent, const char *name)
{
    return dirtree_find(tree, parent, name, strlen(name));
}

static void test_names(void)
{
    struct dirtree tree = {0};
    CHECK(dirtree_start(&tree) == 0 && dirtree_node(&tree, DIRTREE_ROOT)->name == NULL &&
              dirtree_node(&tree, DIRTREE_ROOT)->first_child == DIRTREE_NONE,
          "the root has no name and no children");
    CHECK(find(&tree, DIRTREE_ROOT, "a") == DIRTREE_NONE, "what was not added is not found");
    uint32_t a = add(&tree, DIRTREE_ROOT, "a");
    CHECK(a != DIRTREE_NONE && a != DIRTREE_ROOT && find(&tree, DIRTREE_ROOT, "a") == a,
          "what was added is found");
    CHECK(add(&tree, DIRTREE_ROOT, "a") == a, "adding it again changes nothing");
    uint32_t inner = add(&tree, a, "a");
    CHECK(inner != a && find(&tree, a, "a") == inner && find(&tree, DIRTREE_ROOT, "a") == a,
          "the same name in another directory is another one");
    CHECK(find(&tree, DIRTREE_ROOT, "") == DIRTREE_NONE &&
              find(&tree, DIRTREE_ROOT, "aa") == DIRTREE_NONE &&
              find(&tree, inner, "a") == DIRTREE_NONE,
          "names are compared whole");
    uint32_t part = dirtree_add(&tree, a, "name/rest", 4);
    CHECK(part != DIRTREE_NONE && find(&tree, a, "name") == part &&
              strcmp(dirtree_node(&tree, part)->name, "name") == 0 &&
              dirtree_find(&tree, a, "name/other", 4) == part &&
              dirtree_find(&tree, a, "name", 3) == DIRTREE_NONE,
          "a name has the length that is given");
    CHECK(dirtree_node(&tree, part)->parent == a && !dirtree_node(&tree, part)->explicit &&
              !dirtree_node(&tree, part)->xattrs,
          "a new node has a parent and nothing else");
    dirtree_free(&tree);
    dirtree_free(&tree);
}

/* Returns how many children with this name the node has. */
static int children(const struct dirtree *tree, uint32_t parent, const char *name)
{
    int count = 0;
    for (uint32_t at = dirtree_node(tree, parent)->first_child; at != DIRTREE_NONE;
         at = dirtree_node(tree, at)->next_sibling) {
        const char *child = dirtree_node(tree, at)->name;
        count += child && (!name || strcmp(child, name) == 0);
    }
    return count;
}

static void test_children(void)
{
    struct dirtree tree = {0};
    (void)dirtree_start(&tree);
    uint32_t a = add(&tree, DIRTREE_ROOT, "a");
    (void)add(&tree, DIRTREE_ROOT, "b");
    (void)add(&tree, a, "c");
    (void)add(&tree, DIRTREE_ROOT, "a");
    CHECK(children(&tree, DIRTREE_ROOT, NULL) == 2 && children(&tree, DIRTREE_ROOT, "a") == 1 &&
              children(&tree, DIRTREE_ROOT, "b") == 1,
          "each child is in its parent's list once");
    CHECK(children(&tree, a, "c") == 1 && children(&tree, a, NULL) == 1,
          "a child is in no other directory's list");
    dirtree_free(&tree);
}

static void test_removal(void)
{
    struct dirtree tree = {0};
    (void)dirtree_start(&tree);
    uint32_t a = add(&tree, DIRTREE_ROOT, "a");
    struct dirnode *node = dirtree_node(&tree, a);
    node->explicit = node->opaque = true;
    node->xattrs = calloc(1, sizeof *node->xattrs);
    (void)xattrs_add(node->xattrs, "user.x", 6, "1", 1);
    dirtree_remove(&tree, a);
    CHECK(find(&tree, DIRTREE_ROOT, "a") == DIRTREE_NONE &&
              children(&tree, DIRTREE_ROOT, NULL) == 0,
          "a removed directory is not found");
    uint32_t again = add(&tree, DIRTREE_ROOT, "a");
    node = dirtree_node(&tree, again);
    CHECK(again != DIRTREE_NONE && find(&tree, DIRTREE_ROOT, "a") == again && !node->explicit &&
              !node->opaque && !node->xattrs,
          "a later directory of that name has none of its metadata");
    CHECK(children(&tree, DIRTREE_ROOT, "a") == 1, "that name is listed once");
    dirtree_free(&tree);
}

static void test_paths(void)
{
    struct dirtree tree = {0};
    struct buf path = {0};
    (void)dirtree_start(&tree);
    uint32_t a = add(&tree, DIRTREE_ROOT, "a"), b = add(&tree, a, "bc"), c = add(&tree, b, "d");
    uint32_t other = add(&tree, a, "other");
    CHECK(dirtree_path(&tree, c, &path) == 0 && strcmp(path.bytes, "a/bc/d") == 0 &&
              dirtree_path(&tree, a, &path) == 0 && strcmp(path.bytes, "a") == 0,
          "a node has a path");
    dirtree_node(&tree, c)->filled = true;
    dirtree_fill(&tree);
    CHECK(dirtree_node(&tree, b)->filled && dirtree_node(&tree, a)->filled &&
              !dirtree_node(&tree, other)->filled,
          "the directories above a filled one are filled");
    dirtree_remove(&tree, b);
    CHECK(dirtree_path(&tree, c, &path) == 1 && dirtree_path(&tree, b, &path) == 1 &&
              dirtree_path(&tree, other, &path) == 0 && strcmp(path.bytes, "a/other") == 0,
          "below a removed directory nothing has a path");
    buf_free(&path);
    dirtree_free(&tree);
}

/* Removed nodes stay in the hash table until it grows. */
static void test_many(void)
{
    enum { COUNT = 5000 };
    struct dirtree tree = {0};
    static uint32_t nodes[COUNT];
    char name[16];
    (void)dirtree_start(&tree);
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(name, sizeof name, "%d", i);
        nodes[i] = add(&tree, i < 10 ? DIRTREE_ROOT : nodes[i / 10], name);
        if (i % 3 == 2 && i > COUNT / 2)
            dirtree_remove(&tree, nodes[i]);
    }
    int wrong = 0;
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(name, sizeof name, "%d", i);
        uint32_t found = find(&tree, i < 10 ? DIRTREE_ROOT : nodes[i / 10], name);
        wrong += found != (i % 3 == 2 && i > COUNT / 2 ? DIRTREE_NONE : nodes[i]);
    }
    CHECK(wrong == 0, "each of %d directories is found in its parent, unless it was removed",
          COUNT);
    dirtree_free(&tree);
}

/* The same name in many directories: only the parent distinguishes them, also in a collision. */
static void test_one_name(void)
{
    enum { COUNT = 4000 };
    struct dirtree tree = {0};
    static uint32_t nodes[COUNT];
    char name[16];
    int wrong = 0;
    (void)dirtree_start(&tree);
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(name, sizeof name, "%d", i);
        nodes[i] = add(&tree, add(&tree, DIRTREE_ROOT, name), "x");
    }
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(name, sizeof name, "%d", i);
        uint32_t parent = find(&tree, DIRTREE_ROOT, name);
        wrong +=
            find(&tree, parent, "x") != nodes[i] || dirtree_node(&tree, nodes[i])->parent != parent;
    }
    CHECK(wrong == 0, "%d directories of one name are told apart", COUNT);
    dirtree_free(&tree);
}

/* A directory and a file in turn must not fill the table with removed nodes. */
static void test_turns(void)
{
    struct dirtree tree = {0};
    (void)dirtree_start(&tree);
    uint32_t node = DIRTREE_NONE;
    for (int i = 0; i < 2000; i++) {
        node = add(&tree, DIRTREE_ROOT, "x");
        if (node != DIRTREE_NONE && i < 1999)
            dirtree_remove(&tree, node);
    }
    CHECK(node != DIRTREE_NONE && find(&tree, DIRTREE_ROOT, "x") == node &&
              find(&tree, DIRTREE_ROOT, "y") == DIRTREE_NONE,
          "a name that comes and goes 2000 times is still found");
    dirtree_free(&tree);
}

int main(void)
{
    test_names();
    test_children();
    test_removal();
    test_paths();
    test_many();
    test_one_name();
    test_turns();
    return tap_done();
}
