/*
 * Applies a staged layer to a directory, by the rules of OCI layers (image specification, layer.md,
 * "Applying Changesets").
 *
 * The staged layer (STAGE_LAYER) is a tree of directories with mode 0700 that holds the layer's
 * entries, and in each directory, where it applies: an empty file called as the opaque marker; a
 * directory MERGE_GONE with an empty file for each name that is whited out; a directory MERGE_MARK
 * that wears the metadata of the directory's own entry. No entry of a layer can have one of these
 * names.
 */
#ifndef TARUNPACK_MERGE_MERGE_H
#define TARUNPACK_MERGE_MERGE_H

#include "merge/journal.h"
#include "status.h"

#include <stdbool.h>

#define MERGE_MARK ".wh..wh.mark"
#define MERGE_GONE ".wh..wh.gone"

/* What a merge takes: open directories on one file system, which stay the caller's. */
struct merge_trees {
    int layer;                         /* the staged layer */
    int links;                         /* open for reading: the hard links whose targets are to be
                                        * found in `onto`, as pairs of strings with their NULs */
    int onto;                          /* the directory merged onto */
    const struct journal *interrupted; /* merges of the same layer that did not end */
    bool sync;                         /* a power cut must not separate the links from the rest */
};

/* Step 2 of the protocol in merge/journal.h: makes the links, and checks whether the rules allow
 * the rest. `onto` is not changed, but for the link counts of the links' targets. Returns a status;
 * the line is printed. */
enum status merge_prepare(const struct merge_trees *trees);

/* Step 5: moves the layer onto `onto`, and deletes what the layer deletes. Returns a status; the
 * line is printed. */
enum status merge_apply(const struct merge_trees *trees);

#endif
