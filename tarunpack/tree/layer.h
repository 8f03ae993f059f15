/*
 * The staged form of a layer, from which merge/merge.h applies it to a directory. It is a tree of
 * directories with mode 0700 that contains the layer's entries, and in each directory, if needed:
 *
 *     .wh..wh..opq    an empty file: the directory is opaque
 *     .wh..wh.gone/   contains an empty file for each name that is whited out
 *     .wh..wh.mark/   has the metadata of the directory's own entry
 *
 * No entry of a layer can have these names. Hard links to entries that are not in the layer are
 * kept in a list beside the tree. parts.c sets `fd` and `directory` of struct layer_links; `text`
 * is private to layer.c.
 */
#ifndef TARUNPACK_TREE_LAYER_H
#define TARUNPACK_TREE_LAYER_H

#include "buf.h"
#include "tree/meta.h"

#include <stdbool.h>

#define LAYER_MARK ".wh..wh.mark"
#define LAYER_GONE ".wh..wh.gone"

/* All of these but one return a status; errors are printed. `path` is for messages. */

/* Stores metadata for the open directory `fd` in its mark. */
enum status layer_mark(int fd, const char *path, struct meta_policy *policy,
                       const struct meta *meta, const struct xattrs *xattrs);

/* Record in the open directory `here` that `name` is whited out, or that `here` is opaque. */
enum status layer_whiteout(int here, const char *name, const char *path);
enum status layer_opaque(int here, const char *path);

/* Whether it was recorded in the open directory `here` that `name` is whited out. */
bool layer_is_whited_out(int here, const char *name);

/* Removes the directory `name` in the open directory `here` if it contains nothing but marks;
 * STATUS_ARCHIVE if it contains an entry. */
enum status layer_directory_remove(int here, const char *name, const char *path);

/* The list of hard links: pairs of NUL-terminated strings, the link's path and its target's. */
struct layer_links {
    int fd;                /* the list's file; borrowed */
    const char *directory; /* the path of the directory merged onto, for messages; borrowed */
    struct buf text;
};

/* Appends a link. The memory used is bounded. */
enum status layer_links_add(struct layer_links *links, const char *path, const char *target);

/* Writes the links still in memory to the file. */
enum status layer_links_flush(struct layer_links *links);

#endif
