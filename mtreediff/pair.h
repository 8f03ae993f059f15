/*
 * The first look at two manifests that are nearly the same: a line that both have is checked once.
 */
#ifndef MTREEDIFF_PAIR_H
#define MTREEDIFF_PAIR_H

#include "input.h"

/* Does for both what input_measure() does, if they are manifests without an error. Else it returns
 * false and prints nothing: then input_measure() has to find out. In either case the files are at
 * their start again. */
bool pair_measure(struct input *old, struct input *new);

#endif
