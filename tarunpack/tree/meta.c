#include "tree/meta.h"

#include "acl.h"
#include "diag.h"
#include "dirs.h"
#include "overlay.h"
#include "stream.h"
#include "xattr_read.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#define SETID_BITS (S_ISUID | S_ISGID)

static bool owner_differs(const struct meta_policy *policy, const struct meta *meta)
{
    return meta->uid != policy->uid || meta->gid != policy->gid;
}

bool meta_mode_is_final(const struct meta_policy *policy, const struct meta *meta,
                        const struct xattrs *xattrs)
{
    return !(meta->mode & SETID_BITS) && !owner_differs(policy, meta) &&
           (!xattrs || xattrs->count == 0);
}

static int owner_change(const struct meta_inode *inode, const struct meta *meta)
{
    if (inode->fd >= 0)
        return fchown(inode->fd, meta->uid, meta->gid);
    return fchownat(inode->parent, inode->name, meta->uid, meta->gid, AT_SYMLINK_NOFOLLOW);
}

/* Sets the owner; `*owned` tells whether it is the right one now. */
static enum status owner_apply(struct meta_policy *policy, const struct meta_inode *inode,
                               const struct meta *meta, bool *owned)
{
    *owned = !owner_differs(policy, meta);
    if (*owned)
        return STATUS_OK;
    errno = EPERM;
    if (policy->owners && owner_change(inode, meta) == 0) {
        *owned = true;
        return STATUS_OK;
    }
    /* EINVAL: the id does not exist in this user namespace. */
    if (policy->strict_owners || (errno != EPERM && errno != EINVAL))
        return diag_failed(inode->path, "set its owner");
    policy->left_owners = true;
    return STATUS_OK;
}

/* chmod that follows no link. There is no such fchmodat() before Linux 6.6, but the magic link of a
 * descriptor refers to the inode itself. */
static int mode_change(const struct meta_inode *inode, mode_t mode)
{
    if (inode->fd >= 0)
        return fchmod(inode->fd, mode);
    int fd = openat(inode->parent, inode->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int result = chmod(dirs_magic(fd, NULL).path, mode);
    stream_close(fd);
    return result;
}

static enum status mode_apply(const struct meta_inode *inode, const struct meta *meta, bool owned,
                              bool changed)
{
    /* A setuid program must not run with the rights of another owner than intended. */
    mode_t mode = owned ? meta->mode : meta->mode & ~(mode_t)SETID_BITS;
    if (inode->is_link || (mode == inode->mode && !changed))
        return STATUS_OK;
    return mode_change(inode, mode) == 0 ? STATUS_OK : diag_failed(inode->path, "set its mode");
}

static int xattr_change(const struct meta_inode *inode, const struct xattr *xattr)
{
    if (inode->fd >= 0)
        return fsetxattr(inode->fd, xattr->name, xattr->value, xattr->length, 0);
    return lsetxattr(dirs_magic(inode->parent, inode->name).path, xattr->name, xattr->value,
                     xattr->length, 0);
}

static enum status xattr_failed(const struct meta_inode *inode, const struct xattr *xattr)
{
    return diag_errno("%s: cannot set the attribute %s", diag_name(inode->path).text,
                      diag_name(xattr->name).text);
}

enum status meta_set_xattr(const struct meta_inode *inode, const struct xattr *xattr)
{
    return xattr_change(inode, xattr) == 0 ? STATUS_OK : xattr_failed(inode, xattr);
}

static bool is_trusted(const char *name)
{
    return strncmp(name, "trusted.", 8) == 0;
}

/* Attributes that the kernel may refuse to everybody but root of the initial user namespace. */
static bool is_privileged(const char *name)
{
    return is_trusted(name) || strncmp(name, "security.", 9) == 0;
}

static bool is_acl(const char *name)
{
    return strcmp(name, ACL_XATTR_ACCESS) == 0 || strcmp(name, ACL_XATTR_DEFAULT) == 0;
}

/* Whether the error means that this user may not set the attribute here, or that its value is
 * invalid in this user namespace, and not another failure. */
static bool is_refusal(int error)
{
    return error == EPERM || error == EACCES || error == EINVAL;
}

/* ENOSPC also means that the attributes of one inode are too large together. Then the disk is not
 * full; and no file system has less room for them than this. */
#define ROOM_LEAST 512
#define DISK_LEAST (1 << 20)

static bool is_too_large(const struct meta_inode *inode, const struct xattrs *xattrs)
{
    struct statvfs disk;
    return xattrs->text.length >= ROOM_LEAST &&
           fstatvfs(inode->fd >= 0 ? inode->fd : inode->parent, &disk) == 0 &&
           (uint64_t)disk.f_bavail * disk.f_frsize >= DISK_LEAST;
}

/* Why EPERM, EACCES or EINVAL allow to leave out the attribute. */
static bool refusal_explain(const struct meta_policy *policy, const struct meta_inode *inode,
                            const char *name, int error, enum omitted_why *why)
{
    /* The ACL was checked, so an id in it does not exist in this user namespace. */
    if (is_acl(name)) {
        *why = OMITTED_IDS;
        return !policy->trusted && error == EINVAL;
    }
    if (strncmp(name, "user.", 5) == 0) {
        *why = OMITTED_TYPE;
        return inode->fd < 0 && error == EPERM; /* not a file or directory */
    }
    /* A user namespace may set capabilities of its own, so the kernel was asked first. */
    *why = error == EINVAL && policy->trusted ? OMITTED_FOREIGN : OMITTED_USER;
    bool vital = is_privileged(name) && !xattr_is_local(name);
    return !policy->trusted || !vital || (error != EINVAL && !is_trusted(name));
}

/* Whether the attribute may be left out after setting it has failed, and why: this machine cannot
 * hold it. Other failures are errors. */
static bool omission_explain(const struct meta_policy *policy, const struct meta_inode *inode,
                             const struct xattrs *xattrs, const char *name, enum omitted_why *why)
{
    *why = is_acl(name) && inode->is_link ? OMITTED_TYPE : OMITTED_FOREIGN;
    switch (errno) {
    case EOPNOTSUPP: /* no such namespace, or no attributes at all */
    case ENODATA:
    case E2BIG:
    case ERANGE:
    case ENAMETOOLONG:
        return true;
    case ENOSPC:
        return is_too_large(inode, xattrs);
    default:
        return is_refusal(errno) && refusal_explain(policy, inode, name, errno, why);
    }
}

static enum status xattr_apply(struct meta_policy *policy, const struct meta_inode *inode,
                               const struct xattrs *xattrs, size_t index)
{
    struct xattr xattr = xattrs_get(xattrs, index);
    enum omitted_why why = OMITTED_FOREIGN;
    errno = EPERM;
    if ((policy->trusted || !is_trusted(xattr.name)) && xattr_change(inode, &xattr) == 0)
        return STATUS_OK;
    if (policy->strict || !omission_explain(policy, inode, xattrs, xattr.name, &why))
        return xattr_failed(inode, &xattr);
    omitted_attribute(&policy->omitted, xattr.name, why);
    return STATUS_OK;
}

enum status meta_leave_out(struct meta_policy *policy, const char *path, const char *name,
                           enum omitted_why why)
{
    if (!policy->xattrs)
        return STATUS_OK;
    if (policy->strict)
        return diag_error("%s: the attribute %s would be left out: %s", diag_name(path).text,
                          diag_name(name).text, omitted_text(why));
    omitted_attribute(&policy->omitted, name, why);
    return STATUS_OK;
}

/* New entries inherit default ACLs, labels and some file systems' own attributes, such as
 * btrfs.compression, and chmod would change an ACL's mask; these attributes have none of that. */
static bool is_early(const char *name)
{
    return strncmp(name, "user.", 5) == 0 || is_trusted(name);
}

enum status meta_apply_early(struct meta_policy *policy, const struct meta_inode *inode,
                             const struct xattrs *xattrs, struct xattrs *late)
{
    for (size_t i = 0; policy->xattrs && i < xattrs->count; i++) {
        struct xattr xattr = xattrs_get(xattrs, i);
        enum status status = STATUS_OK;
        if (is_early(xattr.name))
            status = xattr_apply(policy, inode, xattrs, i);
        else if (xattrs_add(late, xattr.name, strlen(xattr.name), xattr.value, xattr.length) != 0)
            status = diag_no_memory();
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* Attributes that the system or the file system assigns by its own rules stay. */
static bool is_removable(const char *name)
{
    bool label = strcmp(name, "security.selinux") == 0 || strcmp(name, "security.ima") == 0 ||
                 strcmp(name, "security.evm") == 0;
    return is_acl(name) || is_early(name) || (is_privileged(name) && !label);
}

int meta_remove_xattrs(int fd, const struct xattrs *wanted, bool keep_overlay)
{
    struct xattrs standing = {0};
    struct xattr found;
    int result = xattr_read(fd, -1, NULL, &standing);
    for (size_t i = 0; result == 0 && i < standing.count; i++) {
        const char *name = xattrs_get(&standing, i).name;
        bool overlay = overlay_is_own(OVERLAY_TRUSTED, name) || overlay_is_own(OVERLAY_USER, name);
        if (is_removable(name) && !(overlay && keep_overlay) &&
            xattrs_find(wanted, name, &found) != 0)
            result = fremovexattr(fd, name);
    }
    int error = errno;
    xattrs_free(&standing);
    errno = error;
    return result;
}

/* Sets the attributes that are ACLs, or those that are not. */
static enum status xattrs_apply(struct meta_policy *policy, const struct meta_inode *inode,
                                const struct xattrs *xattrs, bool acls)
{
    for (size_t i = 0; xattrs && policy->xattrs && i < xattrs->count; i++) {
        if (is_acl(xattrs_get(xattrs, i).name) != acls)
            continue;
        enum status status = xattr_apply(policy, inode, xattrs, i);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* The kernel accepts any time and silently changes it to one that the file system can store. All
 * file systems can store the seconds of 31 bits. */
static enum status time_check(struct meta_policy *policy, const struct meta_inode *inode,
                              struct timespec time)
{
    struct stat status;
    if ((policy->exact_times && time.tv_sec >= 0 && time.tv_sec <= INT32_MAX) ||
        time.tv_nsec == UTIME_NOW)
        return STATUS_OK;
    int result = inode->fd >= 0 ? fstat(inode->fd, &status)
                                : fstatat(inode->parent, inode->name, &status, AT_SYMLINK_NOFOLLOW);
    if (result != 0)
        return diag_failed(inode->path, "set its times");
    if (status.st_mtim.tv_sec == time.tv_sec && status.st_mtim.tv_nsec == time.tv_nsec)
        return STATUS_OK;
    if (policy->strict)
        return diag_error("%s: the file system cannot store its time, %" PRId64
                          ".%09ld seconds since 1970",
                          diag_name(inode->path).text, (int64_t)time.tv_sec, time.tv_nsec);
    omitted_time(&policy->omitted);
    return STATUS_OK;
}

static enum status times_apply(struct meta_policy *policy, const struct meta_inode *inode,
                               const struct meta *meta)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, meta->mtime};
    int result = inode->fd >= 0 ? futimens(inode->fd, times)
                                : utimensat(inode->parent, inode->name, times, AT_SYMLINK_NOFOLLOW);
    return result == 0 ? time_check(policy, inode, meta->mtime)
                       : diag_failed(inode->path, "set its times");
}

bool meta_times_are_exact(int fd)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = 999999999}};
    struct stat status;
    return futimens(fd, times) == 0 && fstat(fd, &status) == 0 &&
           status.st_mtim.tv_nsec == times[1].tv_nsec;
}

enum status meta_apply(struct meta_policy *policy, const struct meta_inode *inode,
                       const struct meta *meta, const struct xattrs *xattrs)
{
    bool owned = false;
    enum status status = owner_apply(policy, inode, meta, &owned);
    /* user.* attributes need write permission, which the final mode may not give. */
    if (status == STATUS_OK)
        status = xattrs_apply(policy, inode, xattrs, false);
    if (status == STATUS_OK)
        status = mode_apply(inode, meta, owned, owner_differs(policy, meta));
    if (status == STATUS_OK)
        status = xattrs_apply(policy, inode, xattrs, true);
    if (status == STATUS_OK)
        status = times_apply(policy, inode, meta);
    return status;
}
