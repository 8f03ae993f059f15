/*
 * Unpacks standard input into a finished tree. Runs in the child process.
 */
#ifndef TARUNPACK_UNPACK_H
#define TARUNPACK_UNPACK_H

#include "options.h"
#include "tally.h"
#include "tree/meta.h"

/* What the child reports to its parent. */
struct unpack_result {
    struct tally tally;
    struct digest_value digest; /* of the stream; only with --merge */
};

/* Where to unpack to. */
struct unpack_output {
    int tree;  /* an empty directory; ownership passes */
    int links; /* --merge: the file for hard links to entries that only DIR has (tree/layer.h) */
    int below; /* --merge: DIR, opened with O_PATH; otherwise -1 */
    struct meta standing;         /* metadata of a root without an entry */
    struct unpack_result *result; /* in memory shared with the parent */
};

/* Unpacks standard input, verifies the digest and, unless --no-sync was given, syncs the tree. With
 * STATUS_OK the tree may be published. Errors are printed. */
enum status unpack_run(const struct options *options, const struct unpack_output *output);

#endif
