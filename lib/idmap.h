/*
 * Maps of user and group ids, as user namespaces have them: ranges IN:OUT:N. Pure.
 */
#ifndef ZLSNAP_IDMAP_H
#define ZLSNAP_IDMAP_H

#include "xattrs.h"

#include <stdint.h>

struct idmap_range {
    uint32_t in, out, count;
};

/* Zero-initialised it maps every id to itself. It owns its memory. */
struct idmap {
    struct idmap_range *ranges;
    size_t count;
    size_t capacity;
};

/* Adds the range that "IN:OUT:N" tells: the N ids from IN on become those from OUT on. Returns
 * NULL, or a static text that says what is wrong with it. */
const char *idmap_add(struct idmap *map, const char *text);

/* Replaces the id by what the first range that holds it makes of it. Returns 0; -1 if there are
 * ranges and none holds it. */
int idmap_apply(const struct idmap *map, uint32_t *id);

/* Replaces the ids inside attributes: those of ACL entries, and the root id of capabilities of
 * version 3 (capabilities(7), "Namespaced file capabilities"). Returns 0; -1 as idmap_apply(). */
int idmap_apply_xattrs(const struct idmap *uids, const struct idmap *gids, struct xattrs *xattrs);

/* Releases the memory. */
void idmap_free(struct idmap *map);

#endif
