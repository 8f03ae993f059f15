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

/* A file that is missing or cannot be used has no records. */
struct cache_reader {
    const char *path; /* for messages; borrowed */
    int fd;           /* -1: no file */
    struct buf packs; /* the list of packs */
    struct buf in;    /* the records of the current block */
    size_t next;      /* offset of the next record in `in` */
    uint64_t check;   /* of everything up to the end of the current block */
    bool over;        /* there is no further block */
    bool damaged;     /* the rest of the file is damaged or cannot be read */
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

/* Closes the file and releases the memory. */
void cache_reader_close(struct cache_reader *reader);

#endif
