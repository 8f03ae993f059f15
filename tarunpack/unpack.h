/*
 * What the child does: from the stream to a finished tree in the staging directory.
 */
#ifndef TARUNPACK_UNPACK_H
#define TARUNPACK_UNPACK_H

#include "meta.h"
#include "options.h"
#include "tally.h"

/* Where to. */
struct unpack_place {
    int tree;  /* the empty directory; taken over */
    int links; /* for a merge: the file that takes links to what stands below; see merge.h */
    struct meta standing; /* what a root without an entry gets */
    struct tally *tally;  /* where to count; the parent reads it, so it is shared memory */
};

/* Unpacks standard input, verifies the digest and, if that is asked for, brings the tree to the
 * disk. STATUS_OK means: this may be published. The line for anything else is printed. */
enum status unpack_run(const struct options *options, const struct unpack_place *place);

#endif
