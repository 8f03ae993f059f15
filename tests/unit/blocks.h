/*
 * The blocks of an archive as the text of their fields, for tests of what encodes them.
 */
#ifndef ZLSNAP_TEST_BLOCKS_H
#define ZLSNAP_TEST_BLOCKS_H

#include "tar_entry.h"

#include <stdbool.h>
#include <stddef.h>

/* A header block. NULL stands for a field's usual value. */
struct block {
    const char *name;
    const char *mode, *uid, *gid;
    const char *size, *mtime;
    const char *checksum;
    const char *type;
    const char *link;
    const char *major, *minor;
    const char *prefix;
};

/* Whether the entry is encoded as an extended header with these records, if there are any, and this
 * header block. */
bool blocks_match(const struct tar_entry *entry, const char *records, size_t length,
                  const struct block *fields);

#endif
