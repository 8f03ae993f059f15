/*
 * The cache file of the last run: checked, and its records read one after the other.
 */
#ifndef TARPACK_CACHE_OLD_H
#define TARPACK_CACHE_OLD_H

#include "buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CACHE_DIGEST_BYTES 32

/* A path and attributes that are longer than these are those of no record. */
#define CACHE_PATH_MAX ((uint32_t)16 << 20)
#define CACHE_XATTRS_MAX ((uint32_t)16 << 20)

/* What the file begins with. It changes where the format does. */
struct cache_header {
    char magic[16];
    uint32_t order; /* of bytes */
    uint32_t record_size;
    uint64_t view; /* which attributes the run could see */
};

/* Then for each file this, */
struct cache_record {
    uint64_t device, inode, size;
    int64_t mtime, ctime; /* seconds */
    uint32_t mtime_ns, ctime_ns;
    uint32_t path_length;   /* with the NUL: the path follows, */
    uint32_t xattrs_length; /* and then the attributes */
    unsigned char digest[CACHE_DIGEST_BYTES];
};

/* and in the end the SHA-256 of all that. */

struct cache_old {
    int fd;        /* -1: there is none, or it is not to be used */
    struct buf in; /* what was read of it */
    size_t next;   /* where its next record begins there */
    uint64_t left; /* how many bytes of records are still in the file */
};

/* The header of a file that this process can use. */
struct cache_header cache_header_make(void);

/* Opens `name` in the open directory, and goes to its first record. Returns NULL, also where there
 * is no such file; else why it is not used. */
const char *cache_old_open(struct cache_old *old, int directory, const char *name);

/* Brings the next record to memory; it stays the next one until cache_old_skip(). Returns where it
 * begins, and stores it without what follows it; NULL after the last. */
const char *cache_old_next(struct cache_old *old, struct cache_record *record);
void cache_old_skip(struct cache_old *old, const struct cache_record *record);

/* How long a record is with what follows it. */
size_t cache_record_length(const struct cache_record *record);

/* Closes the file and releases the memory. */
void cache_old_close(struct cache_old *old);

#endif
