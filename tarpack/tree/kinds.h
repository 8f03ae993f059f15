/*
 * The kinds of the directories above the current entry.
 */
#ifndef TARPACK_KINDS_H
#define TARPACK_KINDS_H

#include "status.h"
#include "tree/upper.h"
#include "tree/walk.h"

#include <stddef.h>

/* Zero-initialised it is empty. It owns its memory. */
struct kinds {
    enum upper_kind *kinds; /* by depth */
    size_t capacity;
};

/* The kind of the directory that holds the item; the root is in UPPER_ENTRY. */
enum upper_kind kinds_above(const struct kinds *kinds, const struct walk_item *item);

/* Remembers the kind of a directory for what is in it. Returns a status; an error is printed. */
enum status kinds_remember(struct kinds *kinds, const struct walk_item *item, enum upper_kind kind);

void kinds_free(struct kinds *kinds);

#endif
