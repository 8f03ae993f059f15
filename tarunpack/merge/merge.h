/*
 * Applies a staged layer to a directory, by the rules of OCI layers (image specification, layer.md,
 * "Applying Changesets"). tree/layer.h is the form of the staged layer.
 */
#ifndef TARUNPACK_MERGE_MERGE_H
#define TARUNPACK_MERGE_MERGE_H

#include "merge/trees.h"
#include "status.h"

/* Step 2 of the protocol in merge/journal.h: makes the links, and checks whether the rules allow
 * the rest. `onto` is not changed, but for the link counts of the links' targets. Returns a status;
 * the line is printed. */
enum status merge_prepare(const struct merge_trees *trees);

/* Step 5: moves the layer onto `onto`, and deletes what the layer deletes. Returns a status; the
 * line is printed. */
enum status merge_apply(const struct merge_trees *trees);

#endif
