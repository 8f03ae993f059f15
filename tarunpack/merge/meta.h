/*
 * The metadata of a directory that a layer was merged onto.
 */
#ifndef TARUNPACK_MERGE_META_H
#define TARUNPACK_MERGE_META_H

#include "status.h"

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

struct merge_meta {
    int layer, onto;       /* the open directories */
    const char *path;      /* for messages */
    bool is_explicit;      /* the layer has an entry for it; see merge.h */
    bool unlocked;         /* its owner gave himself the right to write it: */
    mode_t mode;           /* this was its mode */
    bool fresh;            /* it was made by the merge */
    struct timespec mtime; /* that it had before */
};

/* An entry of the layer replaces all metadata but an overlay mount's and this system's labels; a
 * directory that is only implied keeps its own, times included, or gets mode 0755 if it is new.
 * Returns a status; the line is printed. */
enum status merge_meta_apply(const struct merge_meta *meta);

#endif
