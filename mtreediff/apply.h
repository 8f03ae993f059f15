/*
 * Makes NEW of OLD and a delta, which is untrusted. doc/FORMAT.md has the delta.
 */
#ifndef MTREEDIFF_APPLY_H
#define MTREEDIFF_APPLY_H

#include "input.h"
#include "output.h"

/* Reads the delta from `delta`, checks that `old` is the file that it was made for, and writes NEW.
 * At most `max` bytes are written, and fewer than one line more than the delta announces. `out` is
 * not closed. Returns a status; an error is printed. */
enum status apply_delta(struct input *old, struct input *delta, uint64_t max, struct output *out);

#endif
