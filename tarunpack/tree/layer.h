/*
 * The form of a staged layer, which a merge applies to a directory (merge/merge.h): a tree of
 * directories with mode 0700 that holds the layer's entries, and in each directory, where it
 * applies:
 *
 *     .wh..wh..opq    an empty file: the directory is opaque
 *     .wh..wh.gone/   holds an empty file for each name that is whited out
 *     .wh..wh.mark/   has the metadata of the directory's own entry
 *
 * No entry of a layer can have one of these names. Hard links to what is not in the layer are kept
 * in a list beside the tree.
 */
#ifndef TARUNPACK_TREE_LAYER_H
#define TARUNPACK_TREE_LAYER_H

#include "buf.h"
#include "tree/meta.h"

#define LAYER_MARK ".wh..wh.mark"
#define LAYER_GONE ".wh..wh.gone"

/* All of these return a status; the line is printed. `path` is for messages. */

/* Stores the metadata of the open directory `fd` in its mark. */
enum status layer_mark(int fd, const char *path, struct meta_policy *policy,
                       const struct meta *meta, const struct xattrs *xattrs);

/* Says in the open directory `here` that `name` is deleted, or that all below it is. */
enum status layer_whiteout(int here, const char *name, const char *path);
enum status layer_opaque(int here, const char *path);

/* Removes the directory `name` in the open directory `here` if it holds nothing but marks;
 * STATUS_ARCHIVE if it holds an entry. */
enum status layer_directory_remove(int here, const char *name, const char *path);

/* The list of links: pairs of strings with their NULs, the link's path and its target's. */
struct layer_links {
    int fd; /* the file; borrowed */
    struct buf text;
};

/* Appends a link; what is kept in memory is bounded. */
enum status layer_links_add(struct layer_links *links, const char *path, const char *target);

/* Writes what is kept in memory. */
enum status layer_links_flush(struct layer_links *links);

#endif
