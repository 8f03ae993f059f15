/*
 * Creates the hard links of a layer to entries that exist only in DIR. No state.
 */
#ifndef TARUNPACK_MERGE_LINKS_H
#define TARUNPACK_MERGE_LINKS_H

#include "merge/journal.h"
#include "status.h"

#include <stdbool.h>

/* What a merge works on: open directories on one file system, which stay the caller's. */
struct merge_trees {
    int layer;                             /* the staged layer */
    int links;                             /* the list of its hard links (tree/layer.h), readable */
    int onto;                              /* the directory merged onto */
    const char *path;                      /* its path, for messages; borrowed */
    const struct interrupted *interrupted; /* interrupted merges of the same layer */
    bool sync;                             /* the links must survive a power cut */
};

/* Creates the links listed in `trees->links` in the staged layer, each to the entry that the layer,
 * or else `onto`, has at the target's path. If an interrupted merge of the same layer already
 * deleted a target, the link itself is in that merge's tree, or in `onto` if it was moved there.
 * `*made` tells whether the list has links. Returns a status; errors are printed. STATUS_ARCHIVE if
 * a target does not exist. */
enum status merge_links_make(const struct merge_trees *trees, bool *made);

#endif
