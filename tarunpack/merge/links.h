/*
 * The hard links of a layer to entries that only stand below it.
 */
#ifndef TARUNPACK_MERGE_LINKS_H
#define TARUNPACK_MERGE_LINKS_H

#include "merge/trees.h"
#include "status.h"

/* Makes the links that `trees->links` lists in the staged layer, each to what the layer, or else
 * `onto`, has at its target. An interrupted merge of the same layer may have deleted a target
 * already: then the link is in the tree of that merge, or in `onto` where it was moved to. `*made`
 * tells whether there were any. Returns a status; STATUS_ARCHIVE where there is nothing to link to.
 */
enum status merge_links_make(const struct merge_trees *trees, bool *made);

#endif
