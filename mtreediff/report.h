/*
 * One difference between two manifests, for people or as a JSON object. Pure.
 */
#ifndef MTREEDIFF_REPORT_H
#define MTREEDIFF_REPORT_H

#include "mtree_read.h"

/* Appends a line "removed NAME" if `new` is NULL, "added NAME" if `old` is NULL, else
 * "changed NAME (WHAT, ...)", or nothing if the entries do not differ. With `json` it is an object.
 * Returns 0; -1 if memory is out. */
int report_append(struct buf *out, const struct mtree_line *old, const struct mtree_line *new,
                  bool json);

#endif
