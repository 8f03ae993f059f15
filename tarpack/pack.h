/*
 * From walk to output: what each entry of the tree is in the archive.
 */
#ifndef TARPACK_PACK_H
#define TARPACK_PACK_H

#include "cache/cache.h"
#include "emit.h"
#include "options.h"
#include "tally.h"

/* Adds the tree below the open directory `root`, which it takes over, to the output: all entries,
 * but not the archive's end. Counts them. With a cache (NULL: none) the output is a manifest, and
 * files that are in it as they are are not opened. Returns a status; the line is printed. */
enum status pack_tree(const struct options *options, int root, struct emit *emit,
                      struct cache *cache, struct tally *tally);

#endif
