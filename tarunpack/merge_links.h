/*
 * The hard links of a layer to entries that only stand below it.
 */
#ifndef TARUNPACK_MERGE_LINKS_H
#define TARUNPACK_MERGE_LINKS_H

#include "merge.h"

/* Makes the links that `trees->links` lists in the staged layer, each to what the layer, or else
 * `onto`, has at its target. An interrupted merge of the same layer may have deleted a target
 * already; the link itself is then in that merge's layer, or in `onto`. Returns a status;
 * STATUS_ARCHIVE where there is nothing that can be linked to. */
enum status merge_links_make(const struct merge_trees *trees);

#endif
