/*
 * The 512-byte header block: POSIX.1-2017 pax(1) "ustar Interchange Format", and the variants of
 * v7, star and old GNU tar. Pure.
 */
#ifndef ZLSNAP_TAR_HEADER_H
#define ZLSNAP_TAR_HEADER_H

#include "tar_error.h"
#include "tar_number.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TAR_BLOCK_SIZE ((size_t)512)

/* The padding after `size` bytes of content. */
static inline size_t tar_padding(uint64_t size)
{
    return (size_t)(-size & (TAR_BLOCK_SIZE - 1));
}

/* The layout of a ustar header. */
struct tar_ustar {
    char name[100];
    char mode[8];
    char uid[8];
    char gid[8];
    char size[12];
    char mtime[12];
    char checksum[8];
    char type;
    char link[100];
    char magic[6];
    char version[2];
    char uname[32];
    char gname[32];
    char major[8];
    char minor[8];
    char prefix[155];
    char padding[12];
};
_Static_assert(sizeof(struct tar_ustar) == 512, "a header is one block");

/* Old GNU headers have a sparse map in place of the prefix (GNU tar manual, "Storing Sparse Files",
 * "Old GNU Format"): a pair of 12-byte numbers for each extent. */
#define TAR_GNU_ATIME_OFFSET 345
#define TAR_GNU_SPARSE_OFFSET 386
#define TAR_GNU_SPARSE_COUNT 4
#define TAR_GNU_SPARSE_EXTENDED_OFFSET 482
#define TAR_GNU_SPARSE_REAL_SIZE_OFFSET 483
#define TAR_GNU_END 495
#define TAR_GNU_SPARSE_MORE_COUNT 21
#define TAR_GNU_SPARSE_MORE_EXTENDED_OFFSET 504

/* What the magic says about the fields behind it. */
enum tar_dialect {
    TAR_V7,    /* neither of the others: there are no such fields */
    TAR_USTAR, /* also that of star */
    TAR_GNU,   /* no prefix */
};

/* The values of a header. tar_header_decode() refuses impossible numbers, such as a negative size.
 */
struct tar_header {
    char name[155 + 1 + 100 + 1]; /* prefix/name, NUL-terminated */
    char link[100 + 1];
    char type; /* the type flag */
    enum tar_dialect dialect;
    uint32_t mode;
    uint64_t uid, gid, size;
    int64_t mtime;
    uint64_t major, minor;
};

/* Whether all bytes are zero; of a block, all 512. */
bool tar_is_zero(const void *bytes, size_t length);
bool tar_block_is_zero(const void *block);

/* Decodes a header block. The checksum is verified first: the sum of unsigned or, for some old
 * writers, of signed bytes. A prefix is refused where readers disagree whether it is one. */
enum tar_error tar_header_decode(const void *block, struct tar_header *header);

/* Fills in magic, version and checksum. All other fields must be set before. */
void tar_header_seal(struct tar_ustar *header);

#endif
