/*
 * The format of a cache file: a header, a block with the list of packs, blocks of records, and an
 * empty block at the end. The list has the names of packs, CACHE_DIGEST_BYTES each, to which the
 * numbers in records refer; it may be empty. Records are in the order of the walk, and none spans
 * two blocks. Numbers are in the machine's own byte order: the file is not meant for other
 * machines.
 */
#ifndef TARPACK_CACHE_FORMAT_H
#define TARPACK_CACHE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#define CACHE_DIGEST_BYTES 32

/* Files with a longer path or more attributes get no record. */
#define CACHE_PATH_MAX ((uint32_t)16 << 20)
#define CACHE_XATTRS_MAX ((uint32_t)16 << 20)

/* The first bytes of the file. `magic` changes with the format. */
struct cache_header {
    char magic[16];
    uint32_t order; /* of bytes */
    uint32_t record_size;
    uint64_t view; /* which attributes the run could see */
};

/* The first bytes of each block. The check covers its contents and the check of the block before
 * (for the first block: of the header), so that a missing or moved block is noticed. */
struct cache_block {
    uint64_t length; /* of its contents */
    uint64_t check;
};

/* The record of one regular file. */
struct cache_record {
    uint64_t device, inode, size;
    int64_t mtime, ctime; /* seconds */
    uint32_t mtime_ns, ctime_ns;
    uint32_t path_length;   /* with the NUL; the path follows the record */
    uint32_t xattrs_length; /* the attributes follow the path */
    uint64_t chunks;        /* the place of the content: see place.h */
    uint32_t pack;
    uint32_t unused; /* 0 */
    unsigned char digest[CACHE_DIGEST_BYTES];
};

/* A block is written as soon as its records reach this size, so it never exceeds the maximum. */
#define CACHE_BLOCK_FULL ((size_t)256 * 1024)
#define CACHE_BLOCK_MAX                                                                            \
    (CACHE_BLOCK_FULL + sizeof(struct cache_record) + CACHE_PATH_MAX + CACHE_XATTRS_MAX)

/* The header that this process writes, and the only one it accepts. */
struct cache_header cache_header_make(void);

/* Continues the checksum `check` (0 at the start of a file) over `length` bytes. It detects damage,
 * not forgery: a change within one 8-byte word always, any other in all but one of 2^64 cases. */
uint64_t cache_check(uint64_t check, const void *bytes, size_t length);

/* Whether it is a regular file that only this user and root can have written: what it says is
 * trusted. */
bool cache_is_trusted(const struct stat *status);

/* Whether the records are about the same inode with the same status. */
bool cache_record_is_same(const struct cache_record *a, const struct cache_record *b);

/* The length of a record with its path and attributes. */
size_t cache_record_length(const struct cache_record *record);

#endif
