/*
 * What a report tells about an entry, as texts. Pure.
 */
#ifndef MTREEDIFF_FACTS_H
#define MTREEDIFF_FACTS_H

#include "mtree_read.h"

/* In the order in which changes are printed. */
enum fact {
    FACT_TYPE,
    FACT_MODE,
    FACT_UID,
    FACT_GID,
    FACT_SIZE,
    FACT_DIGEST,
    FACT_LINK,
    FACT_DEVICE,
    FACT_HARDLINK,
    FACT_TIME,
    FACT_COUNT,
};

/* The keys of a manifest for these. */
extern const char *const fact_keys[FACT_COUNT];

struct facts {
    const char
        *texts[FACT_COUNT]; /* NULL: the entry has no such value; borrowed from here and it */
    char mode[12], uid[12], gid[12], size[24], device[24], time[40];
};

/* Fills in the facts of an entry. */
void facts_fill(struct facts *facts, const struct mtree_line *line);

#endif
