/*
 * One entry of a layer, independent of its encoding: tarpack fills it from disk, tarunpack's reader
 * from a stream.
 */
#ifndef ZLSNAP_TAR_ENTRY_H
#define ZLSNAP_TAR_ENTRY_H

#include "xattrs.h"

#include <stdint.h>

/* In the order of ustar's type flags, '0' to '6'. */
enum tar_type {
    TAR_FILE,
    TAR_HARDLINK,
    TAR_SYMLINK,
    TAR_CHAR,
    TAR_BLOCK,
    TAR_DIRECTORY,
    TAR_FIFO,
};

/* Seconds since 1970 UTC, possibly negative, plus nanoseconds below 10^9. */
struct tar_time {
    int64_t seconds;
    uint32_t nanoseconds;
};

struct tar_entry {
    /* Relative, with single slashes between the components, no component "." or "..", no slash at
     * the end. The root is ".". Borrowed. */
    const char *path;
    /* The target of a symbolic link, unchanged, or the path (as above) of a hard link's target;
     * NULL for other types. Borrowed. */
    const char *link;
    enum tar_type type;
    uint32_t mode;         /* permission, setuid, setgid and sticky bits: 07777 */
    uint32_t uid, gid;     /* below 2^32-1, which means "no change" to chown(2) */
    uint32_t major, minor; /* TAR_CHAR, TAR_BLOCK */
    uint64_t size;         /* TAR_FILE: bytes of content; 0 for others; below 2^63 */
    struct tar_time mtime;
    struct xattrs xattrs; /* owned; unique names in byte order */
    /* ACLs that are not in `xattrs`: with names instead of ids, and those of NFS version 4. */
    unsigned named_acls, nfs4_acls;
};

/* The path of the root entry. */
#define TAR_ROOT "."

#endif
