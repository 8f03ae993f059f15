/*
 * From standard input, or a staging directory that is complete, to a new tree at the target.
 */
#ifndef TARUNPACK_PUBLISH_H
#define TARUNPACK_PUBLISH_H

#include "options.h"

/* Builds the tree beside options->directory, verifies it, and renames it there; with options->adopt
 * several runs have built it. Returns a status; the line is printed. */
enum status publish_run(const struct options *options);

#endif
