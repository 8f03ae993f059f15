/*
 * Lays out the tar: goes through the manifest, and says which contents are needed where.
 */
#ifndef TARJOIN_JOIN_H
#define TARJOIN_JOIN_H

#include "chunks.h"
#include "crew.h"
#include "hidden.h"
#include "manifest.h"
#include "needs.h"
#include "select.h"
#include "tally.h"

/* What it works with; all borrowed. */
struct join {
    struct manifest *manifest;
    struct chunks *chunks; /* NULL: none; then large files are an error */
    const struct selection *selection;
    struct hidden_list *hidden; /* filled by join_scan() */
    struct fetch *fetch;
    struct crew *crew;   /* NULL: the places of contents are noted in `needs` instead */
    struct needs *needs; /* only used without a crew */
    struct tally *tally;
};

/* Goes through the manifest for the first time, if there is a selection. Returns a status, as all
 * of these; an error is printed. */
enum status join_scan(const struct join *join);

/* Writes all selected entries, without the end of the archive. */
enum status join_entries(const struct join *join);

#endif
