/*
 * tarunpack --merge: applies the layer on standard input to an existing directory.
 */
#ifndef TARUNPACK_ONTO_H
#define TARUNPACK_ONTO_H

#include "options.h"

/* Stages the layer inside options->directory, verifies it and merges it, by the protocol of
 * merge/journal.h. Returns a status; errors are printed. */
enum status onto_run(const struct options *options);

#endif
