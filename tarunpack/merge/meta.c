#include "merge/meta.h"

#include "acl.h"
#include "diag.h"
#include "dirs.h"
#include "privilege.h"
#include "stream.h"
#include "tree/layer.h"
#include "tree/meta.h"
#include "xattr_read.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/* Opens the mark. If its mode denies that to its owner, changes the mode after storing it in
 * `status`, and the ACL, of which the mode is a part, in `acl`. */
static int mark_open(const struct merge_meta *meta, struct stat *status, struct xattrs *acl)
{
    if (fstatat(meta->layer, LAYER_MARK, status, AT_SYMLINK_NOFOLLOW) != 0)
        return -1;
    int fd = dirs_open(meta->layer, LAYER_MARK);
    if (fd < 0 && errno == EACCES &&
        xattr_read_one(meta->layer, LAYER_MARK, ACL_XATTR_ACCESS, acl) == 0 &&
        fchmodat(meta->layer, LAYER_MARK, 0700, 0) == 0)
        fd = dirs_open(meta->layer, LAYER_MARK);
    return fd;
}

static enum status explicit_set(const struct merge_meta *meta, const struct stat *mark,
                                const struct xattrs *xattrs)
{
    struct stat standing;
    struct privileges may;
    if (privileges_read(&may) != 0 || meta_remove_xattrs(meta->onto, xattrs, true) != 0 ||
        fstat(meta->onto, &standing) != 0)
        return diag_failed(meta->path, "replace its metadata");
    struct meta_policy policy = {.owners = true,
                                 .strict_owners = true,
                                 .xattrs = true,
                                 .trusted = may.trusted,
                                 .strict = true, /* the mark has it all */
                                 .exact_times = true,
                                 .uid = standing.st_uid,
                                 .gid = standing.st_gid};
    struct meta_inode inode = {
        .fd = meta->onto, .path = meta->path, .mode = standing.st_mode & 07777};
    struct meta wanted = {.mode = mark->st_mode & 07777,
                          .uid = mark->st_uid,
                          .gid = mark->st_gid,
                          .mtime = mark->st_mtim};
    return meta_apply(&policy, &inode, &wanted, xattrs);
}

static enum status explicit_apply(const struct merge_meta *meta)
{
    struct stat mark;
    struct xattrs xattrs = {0}, acl = {0};
    enum status status = STATUS_OK;
    int fd = mark_open(meta, &mark, &acl);
    if (fd < 0 || xattr_read(fd, -1, NULL, &xattrs) != 0 || xattrs_copy(&xattrs, &acl) != 0)
        status = diag_failed(meta->path, "read its new metadata");
    xattrs_finish(&xattrs); /* the later of two wins: the ACL from before the change of mode */
    if (status == STATUS_OK)
        status = explicit_set(meta, &mark, &xattrs);
    xattrs_free(&xattrs);
    xattrs_free(&acl);
    stream_close(fd);
    return status;
}

/* Removes what the new directory inherited. */
static enum status fresh_apply(const struct merge_meta *meta)
{
    const struct xattrs none = {0};
    if (meta_remove_xattrs(meta->onto, &none, true) != 0 || fchmod(meta->onto, 0755) != 0)
        return diag_failed(meta->path, "set its mode");
    return STATUS_OK;
}

enum status merge_meta_apply(const struct merge_meta *meta)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, meta->mtime};
    if (meta->is_explicit)
        return explicit_apply(meta);
    if (meta->fresh)
        return fresh_apply(meta);
    if (meta->unlocked && fchmod(meta->onto, meta->mode) != 0)
        return diag_failed(meta->path, "restore its mode");
    /* A user who can write a directory without owning it cannot restore its time. */
    if (futimens(meta->onto, times) == 0 || errno == EPERM)
        return STATUS_OK;
    return diag_failed(meta->path, "restore its time");
}
