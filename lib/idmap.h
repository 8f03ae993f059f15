/*
 * Maps of user or group ids: ranges IN:OUT:N, as for user namespaces. Pure.
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

/* Adds a range "IN:OUT:N": the N ids from IN on become those from OUT on. Returns NULL, or a static
 * text that names the error. */
const char *idmap_add(struct idmap *map, const char *text);

/* Maps the id by the first range that contains it. Returns 0; -1 if there are ranges but none
 * contains it. */
int idmap_apply(const struct idmap *map, uint32_t *id);

/* Maps the ids inside attributes: those of ACL entries, and the root id of version 3 capabilities
 * (capabilities(7), "Namespaced file capabilities"). Returns 0; -1 if there are ranges but none
 * contains one of the ids: `*id` is that id, and some of the others are mapped already. */
int idmap_apply_xattrs(const struct idmap *uids, const struct idmap *gids, struct xattrs *xattrs,
                       uint32_t *id);

/* Releases the memory. */
void idmap_free(struct idmap *map);

#endif
