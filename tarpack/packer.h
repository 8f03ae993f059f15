/*
 * Packs a tree: from the walk to the output.
 */
#ifndef TARPACK_PACKER_H
#define TARPACK_PACKER_H

#include "cache/cache.h"
#include "emit.h"
#include "options.h"
#include "tally.h"

/* Adds all entries of the open directory `root`, which it takes over, to the output, without the
 * end of the archive, and counts them. With a cache (NULL: none) the output must be a manifest, and
 * unchanged files are not opened, unless their content is missing in the packs. Returns a status;
 * an error is printed. */
enum status packer_run(const struct options *options, int root, struct emit *emit,
                       struct cache *cache, struct tally *tally);

#endif
