/*
 * From entries to the tree: the only module that knows both.
 */
#ifndef TARUNPACK_APPLY_H
#define TARUNPACK_APPLY_H

#include "archive/reader.h"
#include "idmap.h"
#include "tally.h"
#include "tree/tree.h"

/* What becomes of the names that OCI layers use for deletions. */
enum apply_whiteouts {
    APPLY_OVERLAY, /* char 0:0 nodes and opaque attributes, as an overlay mount reads them */
    APPLY_DELETE,  /* deletions from what the layer is merged onto */
    APPLY_KEEP,    /* files, called as they are */
    APPLY_RAW,     /* everything as it comes, overlay attributes included */
};

struct apply {
    struct reader *reader;
    const struct archive_input *input; /* what the reader reads */
    struct tree *tree;
    enum apply_whiteouts whiteouts;
    enum overlay_space overlay;      /* whose attributes an overlay mount would take for its own */
    const struct idmap *uids, *gids; /* what owners are mapped by */
    bool absolute_warned;
    struct meta meta; /* of the entry, as they are to be set: */
    struct xattrs xattrs;
    struct tally *tally;
};

/* Makes the entry that the reader stands at, its content included. `*event` tells what the reader
 * met on the way. Returns a status; the line is printed, unless `*event` has one to print. */
enum status apply_entry(struct apply *apply, const struct tar_entry *entry,
                        enum archive_event *event);

/* Releases the memory. */
void apply_free(struct apply *apply);

#endif
