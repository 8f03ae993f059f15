/*
 * Paths through symbolic links. An entry below a link of its own layer, or of the directory that
 * the layer is merged onto, belongs where the link leads, with the root of the tree as "/". This
 * module finds the path of that directory without links; the caller then enters it component by
 * component, following none. The links are only read, through open directories beneath the root.
 */
#ifndef TARUNPACK_TREE_ROUTE_H
#define TARUNPACK_TREE_ROUTE_H

#include "buf.h"
#include "status.h"

#include <stdbool.h>

/* The caller sets `tree` and `below`; zero-initialised it is safe to free. */
struct route {
    int tree;  /* the root of the tree under construction; borrowed */
    int below; /* the directory that it will be merged onto, or -1; borrowed */
    struct buf path;
    const char *problem; /* with STATUS_ARCHIVE: what is wrong with a parent in the path */
    struct buf rest;     /* private: what is still to be resolved */
};

/* Whether a link of the directory merged onto is at `path`, which the tree does not have. */
bool route_is_link_below(const struct route *route, const char *path);

/* Resolves the directory that the first `length` bytes of `path` name, and stores its path in
 * route->path. Components that do not exist are kept. STATUS_ARCHIVE, with route->problem, if a
 * parent or what a link leads to is not a directory, or has a reserved name, or there are too many
 * links; only other errors are printed. */
enum status route_find(struct route *route, const char *path, size_t length);

/* Releases the memory. */
void route_free(struct route *route);

#endif
