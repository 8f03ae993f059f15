/*
 * Where a content is stored, as far as a run has found out. The cache remembers it, so that the
 * next run does not search the indexes again.
 */
#ifndef TARPACK_PLACE_H
#define TARPACK_PLACE_H

#include <stdint.h>

/* Values of `pack`; others are the number of a pack in the list of packs, from 1. */
#define PLACE_UNKNOWN UINT32_C(0)
#define PLACE_SEVERAL UINT32_MAX /* the chunks of the content are in packs of the list */

struct place {
    uint32_t pack;
    uint64_t chunks; /* of a content in chunks: a check of its lines in the chunk map; else 0 */
};

#endif
