/*
 * --merge: from standard input to a directory that the layer was applied onto.
 */
#ifndef TARUNPACK_ONTO_H
#define TARUNPACK_ONTO_H

#include "options.h"

/* Stages the layer on standard input inside options->directory, verifies it, and merges it, by the
 * protocol of merge/journal.h. Returns a status; the line is printed. */
enum status onto_run(const struct options *options);

#endif
