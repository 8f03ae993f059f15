/*
 * Makes a delta.
 */
#ifndef MTREEDIFF_COMPARE_H
#define MTREEDIFF_COMPARE_H

#include "input.h"
#include "output.h"

/* Reads both files twice and writes the delta. `out` is not closed. Returns a status; an error is
 * printed. */
enum status compare_files(struct input *old, struct input *new, struct output *out);

#endif
