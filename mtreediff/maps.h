/*
 * The delta between two chunk maps. Lines are opaque: one of NEW is copied from where OLD has the
 * same line, next to the last one if possible.
 */
#ifndef MTREEDIFF_MAPS_H
#define MTREEDIFF_MAPS_H

#include "input.h"
#include "places.h"
#include "script.h"

/* Adds a line of OLD: an input_visit for struct places. */
enum status maps_add(void *context, struct slice line, uint64_t offset);

/* Writes the commands that make NEW of OLD. `peek` is a second reader of OLD. Returns a status; an
 * error is printed. */
enum status maps_compare(struct input *old, struct input *new, struct input *peek,
                         const struct places *places, struct script *script);

#endif
