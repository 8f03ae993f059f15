/*
 * Sets owner, mode, attributes and times of an inode, in the order that preserves all of them:
 * chown clears setuid bits and capabilities, chmod changes an ACL's mask, and everything changes
 * times. Knows inodes, not tar. Callers set the fields; meta.c sets left_owners and counts in
 * `omitted`.
 */
#ifndef TARUNPACK_TREE_META_H
#define TARUNPACK_TREE_META_H

#include "status.h"
#include "tree/omitted.h"
#include "xattrs.h"

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

struct meta {
    mode_t mode; /* 07777 */
    uid_t uid;
    gid_t gid;
    struct timespec mtime;
};

/* Which metadata to set, and what had to be left out so far. */
struct meta_policy {
    bool owners;        /* set owners */
    bool strict_owners; /* an owner that can't be restored is an error */
    bool xattrs;        /* set attributes */
    bool trusted;       /* set trusted.* attributes, or else leave them out */
    bool strict;        /* an attribute or a time that can't be restored is an error */
    bool exact_times;   /* the file system stores nanoseconds */
    uid_t uid;          /* owner of inodes that this process creates */
    gid_t gid;
    bool left_owners;
    bool left_devices; /* set by entry.c */
    struct omitted omitted;
};

struct meta_inode {
    int fd;           /* open for I/O; or -1, and */
    int parent;       /* the inode is `name` in this directory */
    const char *name; /* symbolic links are not followed */
    const char *path; /* for messages */
    bool is_link;     /* a symbolic link has no mode */
    mode_t mode;      /* its present one */
};

/* Sets all metadata. Returns a status; errors are printed. */
enum status meta_apply(struct meta_policy *policy, const struct meta_inode *inode,
                       const struct meta *meta, const struct xattrs *xattrs);

/* Sets those attributes that a directory can have before its entries are created: entries do not
 * inherit them, and later changes do not affect them. Appends the others to `late`. Returns a
 * status; errors are printed. */
enum status meta_apply_early(struct meta_policy *policy, const struct meta_inode *inode,
                             const struct xattrs *xattrs, struct xattrs *late);

/* Removes the attributes of the open inode that are not in `wanted`, except those that the system
 * or the file system manages and, with `keep_overlay`, those of an overlay mount. Returns 0; -1
 * with errno set. */
int meta_remove_xattrs(int fd, const struct xattrs *wanted, bool keep_overlay);

/* Notes that an attribute of the entry at `path` is left out. Returns STATUS_OK; with
 * policy->strict STATUS_SYSTEM, and the error is printed. */
enum status meta_leave_out(struct meta_policy *policy, const char *path, const char *name,
                           enum omitted_why why);

/* Sets one attribute, which must not be left out. Returns a status; errors are printed. */
enum status meta_set_xattr(const struct meta_inode *inode, const struct xattr *xattr);

/* Whether the file system of the open directory `fd` stores times to the nanosecond; sets the time
 * of the directory to find out. */
bool meta_times_are_exact(int fd);

/* Whether a new inode can be created with its final mode: no later step clears bits of it or needs
 * other permissions. */
bool meta_mode_is_final(const struct meta_policy *policy, const struct meta *meta,
                        const struct xattrs *xattrs);

#endif
