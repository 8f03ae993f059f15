/*
 * Encodes entries of the canonical tar. doc/FORMAT.md has the tables. Pure.
 */
#ifndef ZLSNAP_TAR_ENCODE_H
#define ZLSNAP_TAR_ENCODE_H

#include "tar_entry.h"

/* The end of an archive: two blocks of zeros. */
#define TAR_END_SIZE 1024

/* Appends the entry's headers: an extended header if ustar cannot hold a value, then the ustar
 * header. The caller adds the content, entry->size bytes padded to whole blocks. Returns 0; -1 if
 * memory is out. */
int tar_encode_entry(const struct tar_entry *entry, struct buf *out);

#endif
