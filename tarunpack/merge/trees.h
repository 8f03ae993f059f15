/*
 * What the parts of a merge work on.
 */
#ifndef TARUNPACK_MERGE_TREES_H
#define TARUNPACK_MERGE_TREES_H

#include "merge/journal.h"

#include <stdbool.h>

/* Open directories on one file system, which stay the caller's. */
struct merge_trees {
    int layer;                         /* the staged layer */
    int links;                         /* open for reading: the hard links whose targets are to be
                                        * found in `onto`, as pairs of strings with their NULs */
    int onto;                          /* the directory merged onto */
    const struct journal *interrupted; /* merges of the same layer that did not end */
    bool sync;                         /* a power cut must not separate the links from the rest */
};

#endif
