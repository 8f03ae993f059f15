/*
 * The canonical tar: how an entry becomes bytes. doc/FORMAT.md has the tables. Pure.
 */
#ifndef ZLSNAP_TAR_ENCODE_H
#define ZLSNAP_TAR_ENCODE_H

#include "tar_entry.h"

/* An archive ends with this many zero bytes: two blocks. */
#define TAR_END_SIZE 1024

/* Appends the blocks that stand before the entry's content: an extended header where ustar can't
 * hold a value, then the ustar header. The content, entry->size bytes padded to whole blocks, is
 * the caller's to add. Returns 0; -1 if memory is out. */
int tar_encode_entry(const struct tar_entry *entry, struct buf *out);

#endif
