#include "merge_meta.h"

#include "diag.h"
#include "merge.h"
#include "meta.h"
#include "overlay.h"
#include "privilege.h"
#include "xattr_read.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static enum status failed(const struct merge_meta *meta, const char *what)
{
    diag_errno("%s: cannot %s", diag_name(*meta->path ? meta->path : ".").text, what);
    return STATUS_SYSTEM;
}

/* What belongs to the place and not to the layer. */
static bool is_local(const char *name)
{
    return overlay_key(OVERLAY_TRUSTED, name) || overlay_key(OVERLAY_USER, name) ||
           strcmp(name, "security.selinux") == 0 || strcmp(name, "security.ima") == 0 ||
           strcmp(name, "security.evm") == 0;
}

/* Removes the attributes that the entry does not have. */
static int others_remove(int fd, const struct xattrs *wanted)
{
    struct xattrs standing = {0};
    struct xattr found;
    int result = xattr_read(fd, -1, NULL, &standing);
    for (size_t i = 0; result == 0 && i < standing.count; i++) {
        const char *name = xattrs_get(&standing, i).name;
        if (!is_local(name) && xattrs_find(wanted, name, &found) != 0)
            result = fremovexattr(fd, name);
    }
    int error = errno;
    xattrs_free(&standing);
    errno = error;
    return result;
}

/* Opens the mark; an owner who may not read it gives himself the right, once its mode is known. */
static int mark_open(const struct merge_meta *meta, struct stat *status)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    if (fstatat(meta->layer, MERGE_MARK, status, AT_SYMLINK_NOFOLLOW) != 0)
        return -1;
    int fd = openat(meta->layer, MERGE_MARK, flags);
    if (fd < 0 && errno == EACCES && fchmodat(meta->layer, MERGE_MARK, 0700, 0) == 0)
        fd = openat(meta->layer, MERGE_MARK, flags);
    return fd;
}

static enum status explicit_set(const struct merge_meta *meta, const struct stat *mark,
                                const struct xattrs *xattrs)
{
    struct stat standing;
    if (others_remove(meta->onto, xattrs) != 0 || fstat(meta->onto, &standing) != 0)
        return failed(meta, "replace its metadata");
    struct meta_policy policy = {.owners = true,
                                 .strict_owners = true,
                                 .xattrs = true,
                                 .trusted = privilege_sees_trusted(),
                                 .uid = standing.st_uid,
                                 .gid = standing.st_gid};
    struct meta_inode inode = {
        .fd = meta->onto, .path = meta->path, .created = standing.st_mode & 07777};
    struct meta wanted = {.mode = mark->st_mode & 07777,
                          .uid = mark->st_uid,
                          .gid = mark->st_gid,
                          .mtime = mark->st_mtim};
    return meta_apply(&policy, &inode, &wanted, xattrs);
}

static enum status explicit_apply(const struct merge_meta *meta)
{
    struct stat mark;
    struct xattrs xattrs = {0};
    enum status status = STATUS_OK;
    int fd = mark_open(meta, &mark);
    if (fd < 0 || xattr_read(fd, -1, NULL, &xattrs) != 0)
        status = failed(meta, "read its new metadata");
    if (status == STATUS_OK)
        status = explicit_set(meta, &mark, &xattrs);
    xattrs_free(&xattrs);
    if (fd >= 0)
        close(fd);
    return status;
}

enum status merge_meta_apply(const struct merge_meta *meta)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, meta->mtime};
    if (meta->is_explicit)
        return explicit_apply(meta);
    if (meta->fresh)
        return fchmod(meta->onto, 0755) == 0 ? STATUS_OK : failed(meta, "set its mode");
    /* Somebody who may write a directory but does not own it can't set its time back. */
    if (futimens(meta->onto, times) == 0 || errno == EPERM)
        return STATUS_OK;
    return failed(meta, "set its time back");
}
