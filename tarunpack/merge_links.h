/*
 * The hard links of a layer to entries that only stand below it.
 */
#ifndef TARUNPACK_MERGE_LINKS_H
#define TARUNPACK_MERGE_LINKS_H

#include "status.h"

/* Makes the links that `links` lists (see merge.h) in the staged layer, each to what the layer, or
 * else `onto`, has at its target. Returns a status; STATUS_ARCHIVE where there is nothing that can
 * be linked to. */
enum status merge_links_make(int layer, int links, int onto);

#endif
