/*
 * From entries to the tree: the only module that knows both.
 */
#ifndef TARUNPACK_APPLY_H
#define TARUNPACK_APPLY_H

#include "idmap.h"
#include "reader.h"
#include "stage.h"
#include "tally.h"

/* What becomes of the names that OCI layers use for deletions. */
enum apply_whiteouts {
    APPLY_OVERLAY, /* char 0:0 nodes and opaque attributes, as an overlay mount reads them */
    APPLY_DELETE,  /* deletions from what the layer is merged onto */
    APPLY_KEEP,    /* files, called as they are */
    APPLY_RAW,     /* everything as it comes, overlay attributes included */
};

struct apply {
    struct reader *reader;
    struct stage *stage;
    enum apply_whiteouts whiteouts;
    const struct idmap *uids, *gids; /* what owners are mapped by */
    bool absolute_warned;
    struct meta meta; /* of the entry, as they are to be set: */
    struct xattrs xattrs;
    struct tally *tally;
};

/* Makes the entry that the reader stands at, its content included. `*event` tells what the reader
 * met on the way. Returns a status; the line is printed, unless `*event` has one to print. */
enum status apply_entry(struct apply *apply, const struct tar_entry *entry,
                        enum reader_event *event);

/* Releases the memory. */
void apply_free(struct apply *apply);

#endif
