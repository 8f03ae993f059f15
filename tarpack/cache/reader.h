/*
 * The cache file of the last run, read record by record.
 */
#ifndef TARPACK_CACHE_READER_H
#define TARPACK_CACHE_READER_H

#include "buf.h"
#include "cache/format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* Where a block begins. */
struct cache_mark {
    off_t at;
    uint64_t check; /* of everything before it */
};

/* A file that is missing or cannot be used has no records. */
struct cache_reader {
    const char *path;                /* for messages; borrowed */
    int fd;                          /* -1: no file; its position is not used */
    bool quiet;                      /* damage is no warning */
    struct timespec written;         /* when the file was written last */
    struct cache_mark first;         /* the first block of records; at 0 if there is none */
    struct cache_mark block, behind; /* the current block, and the one behind it */
    struct buf packs;                /* the list of packs */
    struct buf in;                   /* the records of the current block */
    size_t next;                     /* offset of the next record in `in` */
    bool over;                       /* there is no further block */
    bool damaged;                    /* the rest of the file is damaged or cannot be read */
};

/* Opens `name` in the open directory and reads the list of packs; `path` is for messages. A file
 * that cannot be used is a warning. */
void cache_reader_open(struct cache_reader *reader, int directory, const char *name,
                       const char *path);

/* Returns the bytes of the next record and stores its fixed part; NULL at the end, or if the file
 * is damaged, which is a warning. It stays the next record until cache_reader_skip(). Only records
 * of blocks whose check is right are returned. */
const char *cache_reader_next(struct cache_reader *reader, struct cache_record *record);
void cache_reader_skip(struct cache_reader *reader, const struct cache_record *record);

/* Starts a second reader of the file that `reader` has open, which has records. It
 * borrows the descriptor: cache_reader_release() must follow. */
void cache_reader_share(struct cache_reader *second, const struct cache_reader *reader);

/* Makes the record at `offset` of a block the next one. */
void cache_reader_go(struct cache_reader *reader, const struct cache_mark *block, size_t offset);

/* Releases the memory; the file stays open. */
void cache_reader_release(struct cache_reader *reader);

/* Closes the file and releases the memory. */
void cache_reader_close(struct cache_reader *reader);

#endif
