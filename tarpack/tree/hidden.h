/*
 * The warning that some attributes are not visible to this process.
 */
#ifndef TARPACK_HIDDEN_H
#define TARPACK_HIDDEN_H

#include "tree/walk.h"

#include <stdbool.h>
#include <sys/types.h>

struct hidden {
    uid_t user; /* of this process */
    bool warns; /* a warning is still to come */
};

/* Whether there is anything to warn about: trusted.* attributes are visible to root only
 * (xattr(7)).
 */
struct hidden hidden_make(void);

/* Warns if the item is the first one of another user: nothing shows whether it has such attributes.
 */
void hidden_warn(struct hidden *hidden, const struct walk_item *item);

#endif
