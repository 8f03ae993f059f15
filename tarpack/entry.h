/*
 * An entry of the archive from the status of an inode.
 */
#ifndef TARPACK_ENTRY_H
#define TARPACK_ENTRY_H

#include "tar_entry.h"
#include "tree/walk.h"

/* Fills in the entry, all but its attributes and link. It borrows the path of the item. */
void entry_fill(struct tar_entry *entry, const struct walk_item *item);

#endif
