/*
 * Applies a staged layer (tree/layer.h) to a directory, by the rules for OCI layers (image
 * specification, layer.md, "Applying Changesets"). No state between the two calls.
 */
#ifndef TARUNPACK_MERGE_MERGE_H
#define TARUNPACK_MERGE_MERGE_H

#include "merge/links.h"
#include "status.h"

/* Step 2 of the protocol in merge/journal.h: creates the hard links, and checks that the rules
 * allow the rest. Changes nothing in `onto` but link counts. Returns a status; errors are
 * printed. */
enum status merge_prepare(const struct merge_trees *trees);

/* Step 5: moves the layer's entries to `onto` and deletes what it whites out. Returns a status;
 * errors are printed. */
enum status merge_apply(const struct merge_trees *trees);

#endif
