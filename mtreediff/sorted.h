/*
 * Compares two sorted manifests and reports the differences.
 */
#ifndef MTREEDIFF_SORTED_H
#define MTREEDIFF_SORTED_H

#include "input.h"
#include "output.h"

/* How many entries differ. */
struct counts {
    uint64_t added, removed, changed;
};

/* Prints a line or, with `json`, an object for each difference, and counts them. The lines of both
 * are sorted by path, a slash before all other bytes; of several with a path the last one counts.
 * `out` is not closed. Returns a status; an error is printed. */
enum status sorted_compare(struct input *old, struct input *new, bool json, struct output *out,
                           struct counts *counts);

#endif
