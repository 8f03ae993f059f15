/*
 * Owner, mode, attributes and times of an inode, set in the order that keeps all of them: chown
 * clears setuid bits and capabilities, chmod changes an ACL's mask, everything changes times.
 * Knows inodes, not tar.
 */
#ifndef TARUNPACK_TREE_META_H
#define TARUNPACK_TREE_META_H

#include "status.h"
#include "xattrs.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct meta {
    mode_t mode; /* 07777 */
    uid_t uid;
    gid_t gid;
    struct timespec mtime;
};

/* What may be set, and what had to be left out so far. */
struct meta_policy {
    bool owners;        /* try to change owners at all */
    bool strict_owners; /* an owner that can't be restored is an error */
    bool xattrs;        /* restore attributes */
    bool trusted;       /* trusted.* can be set; else they are left out */
    uid_t uid;          /* of what this process creates */
    gid_t gid;
    bool left_owners, left_xattrs, left_acls;
};

/* An inode and the name for messages. */
struct meta_inode {
    int fd;           /* open for I/O, or -1: */
    int parent;       /* then the name below this directory */
    const char *name; /* never followed if it is a link */
    const char *path; /* for messages */
    bool is_link;     /* links have no mode */
    mode_t created;   /* the mode that it has by now */
};

/* Sets all of it. Returns a status; the line is printed. */
enum status meta_apply(struct meta_policy *policy, const struct meta_inode *inode,
                       const struct meta *meta, const struct xattrs *xattrs);

/* Sets those attributes that a directory can have before all is in it: nothing below inherits
 * them, and nothing that is set later changes them. Appends the others to `late`. Returns a status;
 * the line is printed. */
enum status meta_apply_early(struct meta_policy *policy, const struct meta_inode *inode,
                             const struct xattrs *xattrs, struct xattrs *late);

/* Removes the attributes of the open inode that are not in `wanted`, except those that the system
 * or the file system gives and, with `keep_overlay`, what an overlay mount keeps there. Returns 0;
 * -1 with errno set. */
int meta_remove_xattrs(int fd, const struct xattrs *wanted, bool keep_overlay);

/* Sets one attribute, which can't be left out. Returns a status; the line is printed. */
enum status meta_set_xattr(const struct meta_inode *inode, const struct xattr *xattr);

/* Whether a new inode can be created with its final mode: nothing that follows takes bits of it
 * away or needs others. */
bool meta_mode_is_final(const struct meta_policy *policy, const struct meta *meta,
                        const struct xattrs *xattrs);

#endif
