/*
 * Decodes the records of an extended header: the keywords of POSIX.1-2017 pax(1), and vendor
 * keywords for metadata that POSIX lacks. Pure.
 */
#ifndef ZLSNAP_TAR_PAX_H
#define ZLSNAP_TAR_PAX_H

#include "tar_entry.h"
#include "tar_error.h"
#include "tar_sparse.h"

#include <stdbool.h>

/* Bits of tar_pax.given. */
enum tar_pax_keyword {
    TAR_PAX_PATH = 1 << 0,
    TAR_PAX_LINK = 1 << 1,
    TAR_PAX_SIZE = 1 << 2,
    TAR_PAX_UID = 1 << 3,
    TAR_PAX_GID = 1 << 4,
    TAR_PAX_MTIME = 1 << 5,
    TAR_PAX_MAJOR = 1 << 6,
    TAR_PAX_MINOR = 1 << 7,
    TAR_PAX_SPARSE_NAME = 1 << 8,
    TAR_PAX_SPARSE_MAJOR = 1 << 9,
    TAR_PAX_SPARSE_MINOR = 1 << 10,
    TAR_PAX_SPARSE_REALSIZE = 1 << 11, /* format 1.0: the file's size; the map precedes the data */
    TAR_PAX_SPARSE_SIZE = 1 << 12,     /* formats 0.0 and 0.1: the file's size */
    TAR_PAX_SPARSE_COUNT = 1 << 13,    /* of extents */
    TAR_PAX_SPARSE_PAIRS = 1 << 14,    /* format 0.0: an offset or a length of the map */
    TAR_PAX_SPARSE_MAP = 1 << 15,      /* format 0.1: the whole map */
};

/* All keywords of sparse files. */
#define TAR_PAX_SPARSE 0xff00U

/* The values of a header's records. Zero-initialised it has none. It owns its memory. */
struct tar_pax {
    unsigned given;                     /* which of the values below are valid */
    struct buf path, link, sparse_name; /* NUL-terminated */
    uint64_t size, uid, gid, major, minor;
    uint64_t sparse_size, sparse_count, sparse_major, sparse_minor;
    struct tar_time mtime;
    struct tar_time other_time; /* the others are only checked */
    struct tar_sparse sparse;
    uint64_t sparse_offset;           /* format 0.0: an offset that still lacks its length */
    bool sparse_open;                 /* there is such an offset */
    bool named_access, named_default; /* a text ACL has names without numbers */
    bool nfs4;                        /* there is an ACL of NFS version 4 */
    struct xattrs xattrs;             /* in the order of the header */
};

/* Adds the records in `text` to `pax`; a later record replaces an earlier one of the same keyword.
 * Records that readers understand differently are refused: those without a value, attributes with
 * two values, and sparse files that are not exactly of one format of GNU tar.
 * An ACL in the text form of star and GNU tar becomes the attribute system.posix_acl_access or
 * _default; one that has names without numbers is only noted, and so is one of NFS version 4.
 * Unknown keywords are ignored, as POSIX requires. */
enum tar_error tar_pax_decode(struct tar_pax *pax, const char *text, size_t length);

/* Forgets all records but keeps the memory. */
void tar_pax_clear(struct tar_pax *pax);

/* Releases the memory. */
void tar_pax_free(struct tar_pax *pax);

#endif
