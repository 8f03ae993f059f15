/*
 * Sets the metadata of a directory after a layer was merged onto it. merge.c sets the fields.
 */
#ifndef TARUNPACK_MERGE_META_H
#define TARUNPACK_MERGE_META_H

#include "status.h"

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

struct merge_meta {
    int layer, onto;       /* open directories: the staged one, and the one merged onto */
    const char *path;      /* for messages */
    bool is_explicit;      /* the layer has an entry for it */
    bool unlocked;         /* its mode was changed to get access */
    mode_t mode;           /* the mode before that */
    bool fresh;            /* the merge created it */
    struct timespec mtime; /* before the merge */
};

/* An entry of the layer replaces all metadata, except overlay attributes and labels of this system.
 * Without an entry, an existing directory keeps its own, times included, and a new one gets mode
 * 0755. Returns a status; errors are printed. */
enum status merge_meta_apply(const struct merge_meta *meta);

#endif
