/*
 * Publishes a new tree at the target: unpacked from standard input, or with --adopt taken from a
 * staging directory.
 */
#ifndef TARUNPACK_PUBLISH_H
#define TARUNPACK_PUBLISH_H

#include "options.h"

/* Unpacks standard input beside options->directory, verifies it and renames it into place; with
 * options->adopt, publishes a tree that other runs have built. Returns a status; errors are
 * printed. */
enum status publish_run(const struct options *options);

#endif
