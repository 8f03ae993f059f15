/*
 * The cache file of the last run: its records, read one after the other.
 */
#ifndef TARPACK_CACHE_OLD_H
#define TARPACK_CACHE_OLD_H

#include "buf.h"
#include "cache_file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A file that is not there, or not to be used, is one without records. */
struct cache_old {
    int fd;                     /* -1: there is none */
    struct cache_header header; /* of a file that this process can use */
    struct buf in;              /* the records of the present block */
    size_t next;                /* where the next record begins there */
    uint64_t begin;             /* where the block begins in the file */
    uint64_t end;               /* and where the one after it does */
    uint64_t check;             /* of all before the block */
    uint64_t check_end;
    bool over;    /* there is no other block */
    bool damaged; /* what is behind `begin` is not what was written, or can't be read */
    int error;    /* in that case errno, else 0 */
};

/* Opens `name` in the open directory, and goes to its first record. Returns NULL, also where there
 * is no such file; else why it is not used. */
const char *cache_old_open(struct cache_old *old, int directory, const char *name);

/* Brings the next record to memory; it stays the next one until cache_old_skip(). Returns where it
 * begins, and stores it without what follows it; NULL after the last, or where the file is damaged.
 * No record of a block is returned that is not what was written. */
const char *cache_old_next(struct cache_old *old, struct cache_record *record);
void cache_old_skip(struct cache_old *old, const struct cache_record *record);

/* Closes the file and releases the memory. */
void cache_old_close(struct cache_old *old);

#endif
