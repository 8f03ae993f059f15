/*
 * Applies a staged layer onto a directory that stands, by the rules of OCI layers (image
 * specification, layer.md, "Applying Changesets").
 *
 * The staged layer (STAGE_LAYER) is a tree of directories with mode 0700 that holds the layer's
 * entries, and in each directory, where it applies: an empty file called as the opaque marker; a
 * directory MERGE_GONE with an empty file for each name that is whited out; a directory MERGE_MARK
 * that wears the metadata of the directory's own entry. No entry of a layer can have one of these
 * names.
 */
#ifndef TARUNPACK_MERGE_H
#define TARUNPACK_MERGE_H

#include "status.h"

#define MERGE_MARK ".wh..wh.mark"
#define MERGE_GONE ".wh..wh.gone"

/* What a merge takes: open directories on one file system, which stay the caller's. */
struct merge_trees {
    int layer;       /* the staged layer */
    int links;       /* open for reading: the hard links whose targets are to be found in `onto`, as
                      * pairs of strings with their NULs */
    int onto;        /* the directory that stands */
    int interrupted; /* what is left of the layer of a merge that did not end; -1 for none */
};

/* Makes the links and looks whether the rules allow the rest; `onto` is not changed. Returns a
 * status; the line is printed. */
enum status merge_prepare(const struct merge_trees *trees);

/* Moves the layer onto `onto`, which is a mixture until this, or a run anew, ends. Returns a
 * status; the line is printed. */
enum status merge_apply(const struct merge_trees *trees);

#endif
