/*
 * The delta between two manifests.
 *
 * Both are in the order of the walk, so they are merged by path. A directory that only NEW has may
 * be one of OLD that was renamed: then what is below it is merged with what was below that one, and
 * OLD is left where it was until the directory ends. The delta is right whatever the order is; only
 * its size depends on it.
 */
#ifndef MTREEDIFF_MANIFESTS_H
#define MTREEDIFF_MANIFESTS_H

#include "input.h"
#include "script.h"

/* Writes the commands that make NEW of OLD, both measured by input_measure(). `peek` is a second
 * reader of NEW. Returns a status; an error is printed. */
enum status manifests_compare(struct input *old, struct input *new, struct input *peek,
                              struct script *script);

#endif
