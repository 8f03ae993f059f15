/*
 * What a cache file is made of: a header, blocks of records, and a block without any that ends it.
 * The records are in the order of the walk, none is in two blocks, and nothing stands between them.
 * Numbers are as they are in memory: the file is this machine's.
 */
#ifndef TARPACK_CACHE_FILE_H
#define TARPACK_CACHE_FILE_H

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

/* What each block begins with. The check is that of the records, begun with the one of the block
 * before, or for the first with the header's: so blocks can't be left out or change places. */
struct cache_block {
    uint64_t length; /* of its records */
    uint64_t check;
};

/* Each file's record, */
struct cache_record {
    uint64_t device, inode, size;
    int64_t mtime, ctime; /* seconds */
    uint32_t mtime_ns, ctime_ns;
    uint32_t path_length;   /* with the NUL: the path follows, */
    uint32_t xattrs_length; /* and then the attributes */
    unsigned char digest[CACHE_DIGEST_BYTES];
};

/* A block is written when its records are this long or longer, and is no longer than this. */
#define CACHE_BLOCK_FULL ((size_t)256 * 1024)
#define CACHE_BLOCK_MAX                                                                            \
    (CACHE_BLOCK_FULL + sizeof(struct cache_record) + CACHE_PATH_MAX + CACHE_XATTRS_MAX)

/* The header of a file that this process can use. */
struct cache_header cache_header_make(void);

/* Goes on from `check`, 0 to begin with. It tells damage, not forgery: a single word that differs
 * always changes it, and more of them in all but one case of 2^64. */
uint64_t cache_check(uint64_t check, const void *bytes, size_t length);

/* How long a record is with what follows it. */
size_t cache_record_length(const struct cache_record *record);

#endif
