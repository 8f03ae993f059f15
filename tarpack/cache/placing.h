/*
 * The places of the last run, in terms of this one: a pack that both lists of packs have may have
 * another number.
 */
#ifndef TARPACK_PLACING_H
#define TARPACK_PLACING_H

#include "buf.h"
#include "cache/place.h"

#include <stdbool.h>
#include <stddef.h>

/* Zero-initialised it knows no place. It owns its memory. */
struct placing {
    uint32_t *numbers; /* of each old pack in the new list, from 1; 0: not there */
    size_t count;
    bool all; /* all old packs are in the new list */
};

/* Compares two lists of packs, names of CACHE_DIGEST_BYTES. Returns 0; -1 if memory is out. */
int placing_make(struct placing *placing, const struct buf *old, const struct buf *new);

/* Translates a place; PLACE_UNKNOWN if its pack is gone. */
void placing_apply(const struct placing *placing, struct place *place);

void placing_free(struct placing *placing);

#endif
