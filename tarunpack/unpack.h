/*
 * What the child does: from the stream to a finished tree in the staging directory.
 */
#ifndef TARUNPACK_UNPACK_H
#define TARUNPACK_UNPACK_H

#include "options.h"
#include "tally.h"
#include "tree/meta.h"

/* What became of it. */
struct unpack_result {
    struct tally tally;
    struct digest_value digest; /* of the stream; for a merge only */
};

/* Where to. */
struct unpack_place {
    int tree;  /* the empty directory; taken over */
    int links; /* for a merge: the file that takes links to what stands below; see merge.h */
    struct meta standing;         /* what a root without an entry gets */
    bool merge;                   /* the result needs the digest */
    struct unpack_result *result; /* the parent reads it, so it is shared memory */
};

/* Unpacks standard input, verifies the digest and, if that is asked for, brings the tree to the
 * disk. STATUS_OK means: this may be published. The line for anything else is printed. */
enum status unpack_run(const struct options *options, const struct unpack_place *place);

#endif
