/*
 * The directories that the parts of a merge work on. Set by onto.c.
 */
#ifndef TARUNPACK_MERGE_TREES_H
#define TARUNPACK_MERGE_TREES_H

#include "merge/journal.h"

#include <stdbool.h>

/* Open directories on one file system, which stay the caller's. */
struct merge_trees {
    int layer;                         /* the staged layer */
    int links;                         /* the list of its hard links (tree/layer.h), readable */
    int onto;                          /* the directory merged onto */
    const struct journal *interrupted; /* interrupted merges of the same layer */
    bool sync;                         /* the links must survive a power cut */
};

#endif
