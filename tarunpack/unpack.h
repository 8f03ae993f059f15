/*
 * What the child does: from the stream to a finished tree in the staging directory.
 */
#ifndef TARUNPACK_UNPACK_H
#define TARUNPACK_UNPACK_H

#include "meta.h"
#include "options.h"

/* Unpacks standard input into the empty directory `tree`, which it takes over, verifies the digest
 * and, if that is asked for, brings the tree to the disk. `standing` is what a root without an
 * entry gets. STATUS_OK means: this may be published. The line for anything else is printed. */
enum status unpack_run(const struct options *options, int tree, const struct meta *standing);

#endif
