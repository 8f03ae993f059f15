/*
 * Applies archive entries to the tree; the only module that knows both. The caller sets the fields
 * of struct apply, except those marked as private.
 */
#ifndef TARUNPACK_APPLY_H
#define TARUNPACK_APPLY_H

#include "archive/reader.h"
#include "globs.h"
#include "idmap.h"
#include "tally.h"
#include "tree/tree.h"

/* How to apply whiteouts, the names that OCI layers use for deletions. */
enum apply_whiteouts {
    APPLY_OVERLAY, /* as overlay whiteouts: char 0:0 nodes, opaque attributes */
    APPLY_DELETE,  /* as deletions from the directory merged onto */
    APPLY_KEEP,    /* as plain files */
    APPLY_RAW,     /* unchanged, like everything else, overlay attributes included */
};

struct apply {
    struct reader *reader;
    const struct archive_input *input; /* the reader's input */
    struct tree *tree;
    enum apply_whiteouts whiteouts;
    enum overlay_space overlay;         /* the attributes that an overlay mount reads */
    const struct globs *xattrs_include; /* attributes of another machine to be restored */
    const struct idmap *uids, *gids;    /* mappings of owners */
    struct tally *tally;
    bool linked;          /* private; there are files that AUFS keeps for hard links */
    bool absolute_warned; /* private; a warning about leading slashes was printed */
    struct meta meta;     /* private; of the present entry, after translation */
    struct xattrs xattrs; /* private; likewise */
};

/* Creates the entry that the reader is at, with its content. Stores in `*event` what the reader
 * met. Returns a status; errors are printed, except that of `*event`, which verdict() prints. */
enum status apply_entry(struct apply *apply, const struct tar_entry *entry,
                        enum archive_event *event);

/* After the last entry: removes what was only needed for hard links. Returns a status; errors are
 * printed. */
enum status apply_end(struct apply *apply);

/* Whether apply_entry() would make a hard link of the entry: a whiteout that is stored as a hard
 * link is none, and a bad one is refused. */
bool apply_links(const struct apply *apply, const struct tar_entry *entry);

/* Releases the memory. */
void apply_free(struct apply *apply);

#endif
