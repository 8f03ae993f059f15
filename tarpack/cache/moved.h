/*
 * The records of the last run by inode. If a directory was renamed, the files below it have other
 * paths, but the same inodes, and their status has not changed.
 *
 * The table is made when the first file is looked up: the whole cache file is read once. It has 16
 * bytes for each record, and no more than MOVED_MAX records; other files are read again.
 */
#ifndef TARPACK_CACHE_MOVED_H
#define TARPACK_CACHE_MOVED_H

#include "cache/reader.h"
#include "cache/table.h"

/* With twice as many slots, 64 MiB. */
#define MOVED_MAX ((size_t)1 << 21)

/* Zero-initialised it has no records yet. It owns its memory. */
struct moved {
    bool made;
    struct cache_reader reader; /* of the same file */
    struct table records; /* from hashes of their status to block * 2^32 + offset in the block */
    struct cache_mark *blocks;
    size_t blocks_count, blocks_capacity;
};

/* Returns the bytes of a record in the file that `reader` has open, which has records, with the
 * inode and the status of `wanted`, and stores its fixed part; NULL if there is none. Valid until
 * the next call. */
const char *moved_find(struct moved *moved, struct cache_reader *reader,
                       const struct cache_record *wanted, struct cache_record *found);

/* Releases the memory. */
void moved_free(struct moved *moved);

#endif
