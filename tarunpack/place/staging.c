#include "place/staging.h"

#include "acl.h"
#include "diag.h"
#include "dirs.h"
#include "kernel.h"
#include "lock.h"
#include "names.h"
#include "place/remove.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static int name_make(char name[NAME_MAX + 1], const char *target)
{
    unsigned char random[STAGING_RANDOM_LENGTH];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return -1;
    staging_name_make(name, target, random);
    return 0;
}

static int attribute_remove(int fd, const char *name)
{
    return fremovexattr(fd, name) == 0 || errno == ENODATA || errno == ENOTSUP ? 0 : -1;
}

/* New entries would inherit a default ACL and a setgid bit of the parent. */
static int inheritance_cut(int fd)
{
    if (attribute_remove(fd, ACL_XATTR_DEFAULT) != 0 || attribute_remove(fd, ACL_XATTR_ACCESS) != 0)
        return -1;
    return fchmod(fd, 0700);
}

/* Opens and locks the new directory, unless a cleaner was faster. */
static int staging_hold(struct staging *staging)
{
    staging->fd = dirs_open(staging->parent, staging->name);
    if (staging->fd < 0)
        return -1;
    /* Without file locks, cleaners go by age. */
    enum lock_result lock = lock_take(staging->fd, LOCK_EX);
    int error = errno;
    if ((lock == LOCK_TAKEN || lock == LOCK_UNSUPPORTED) &&
        dirs_is_same(staging->fd, staging->parent, staging->name))
        return 0;
    close(staging->fd);
    staging->fd = -1;
    errno = lock == LOCK_FAILED ? error : EAGAIN;
    return -1;
}

static int staging_make(struct staging *staging, const char *target)
{
    for (int attempts = 0; attempts < 100; attempts++) {
        if (name_make(staging->name, target) != 0)
            return -1;
        if (mkdirat(staging->parent, staging->name, 0700) == 0) {
            if (staging_hold(staging) == 0)
                return 0;
            int error = errno;
            (void)unlinkat(staging->parent, staging->name, AT_REMOVEDIR);
            errno = error;
            if (error != EAGAIN && error != ENOENT)
                return -1;
        } else if (errno != EEXIST) {
            return -1;
        }
    }
    return -1;
}

/* Whether the open directory contains no other names than the `count` known ones. Returns 1 or 0;
 * -1 with errno set. */
static int holds_only(int fd, const char *const known[], size_t count)
{
    struct names names = {0};
    if (names_read_in(&names, fd, ".") != 0) {
        names_free(&names);
        return -1;
    }
    int only = 1;
    for (size_t i = 0; only && i < names.count; i++) {
        size_t at = 0;
        while (at < count && strcmp(names_text(&names, i), known[at]) != 0)
            at++;
        only = at < count;
    }
    names_free(&names);
    return only;
}

/* The same, and the directory belongs to this user. */
static int is_own(int fd, const char *const known[], size_t count)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return -1;
    return status.st_uid == geteuid() ? holds_only(fd, known, count) : 0;
}

/* A user who can rename in the parent may have replaced the new directory before it was opened: by
 * a directory of that user, who could then change the tree, or by another one of ours, which would
 * be emptied at the end. */
static enum status stranger_refuse(struct staging *staging)
{
    diag_error("%s: not the staging directory just created: another user replaced it, or the file "
               "system assigns new files to another owner",
               diag_name(staging->name).text);
    (void)unlinkat(staging->parent, staging->name, AT_REMOVEDIR);
    staging_leave(staging);
    return STATUS_SYSTEM;
}

enum status staging_create(struct staging *staging, int parent, const char *target, bool inside)
{
    *staging = (struct staging){.parent = parent, .fd = -1, .tree = -1};
    if (staging_make(staging, target) != 0) {
        bool denied = errno == EACCES || errno == EPERM || errno == EROFS;
        if (inside)
            return diag_errno("cannot create a staging directory in the directory to merge onto");
        return diag_errno("cannot create a staging directory beside %s%s", diag_name(target).text,
                          denied ? " (--merge works inside the directory)" : "");
    }
    int own = is_own(staging->fd, NULL, 0);
    if (own == 0)
        return stranger_refuse(staging);
    if (own > 0 && inheritance_cut(staging->fd) == 0 &&
        mkdirat(staging->fd, STAGING_TREE, 0700) == 0)
        staging->tree = dirs_open(staging->fd, STAGING_TREE);
    if (staging->tree >= 0)
        return STATUS_OK;
    enum status status = diag_failed(staging->name, "prepare the staging directory");
    (void)staging_remove(staging);
    return status;
}

/* Renames the tree to a name beside the staging directory. A file system without RENAME_NOREPLACE
 * (NFS) gets a plain rename: the name is random, and only an empty directory could be lost. */
static int step_to(const struct staging *staging, const char *name)
{
    int result = kernel_rename_new(staging->fd, STAGING_TREE, staging->parent, name);
    if (result != 0 && (errno == EINVAL || errno == ENOSYS))
        result = renameat(staging->fd, STAGING_TREE, staging->parent, name);
    return result;
}

int staging_step_out(const struct staging *staging, const char *target, mode_t mode,
                     char name[NAME_MAX + 1])
{
    /* The new name is one that cleaners look for; the lock keeps them away. */
    enum lock_result lock = lock_take(staging->tree, LOCK_EX);
    if (lock == LOCK_HELD || lock == LOCK_FAILED)
        return -1;
    if (name_make(name, target) != 0 || fchmod(staging->tree, mode | S_IWUSR) != 0 ||
        step_to(staging, name) != 0)
        return -1;
    return fchmod(staging->tree, mode);
}

int staging_is(int fd)
{
    static const char *const known[] = {STAGING_TREE, STAGING_LINKS, STAGING_BEGUN,
                                        STAGING_BEGINNING, STAGING_PUBLISHED};
    struct stat status;
    if (fstat(fd, &status) != 0)
        return -1;
    return (status.st_mode & 07777) != 0700 ? 0
                                            : holds_only(fd, known, sizeof known / sizeof *known);
}

/* Opens the tree of an adopted staging directory, and marks the directory as used. */
static int tree_take(struct staging *staging)
{
    static const char *const known[] = {STAGING_TREE, STAGING_PUBLISHED};
    int recognised = staging_is(staging->fd);
    int own = is_own(staging->fd, known, sizeof known / sizeof *known);
    if (recognised < 0 || own < 0)
        return -1;
    if (!recognised || !own) {
        errno = EINVAL;
        return -1;
    }
    staging->tree = dirs_open(staging->fd, STAGING_TREE);
    if (staging->tree < 0)
        return -1;
    int fd = openat(staging->fd, STAGING_PUBLISHED, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return fd < 0 ? -1 : close(fd);
}

enum status staging_adopt(struct staging *staging, int parent, const char *target, const char *name)
{
    *staging = (struct staging){.parent = parent, .fd = -1, .tree = -1};
    if (!staging_name_is(name, target))
        return diag_error("%s: not the name of a staging directory for %s, .%s.zlsnap-XXXXXX",
                          diag_name(name).text, diag_name(target).text, diag_name(target).text);
    memcpy(staging->name, name, strlen(name) + 1);
    staging->fd = dirs_open(parent, name);
    if (staging->fd < 0)
        return diag_failed(name, "open the staging directory");
    /* Its maker may still hold the lock. */
    (void)lock_take(staging->fd, LOCK_EX);
    if (tree_take(staging) == 0)
        return STATUS_OK;
    if (errno == EINVAL)
        diag_error("%s: is not a staging directory that contains only a tree",
                   diag_name(name).text);
    else if (errno == EEXIST)
        diag_error("%s: already adopted by a run that was interrupted", diag_name(name).text);
    else
        (void)diag_failed(name, "adopt its tree");
    staging_leave(staging);
    return STATUS_SYSTEM;
}

void staging_leave(struct staging *staging)
{
    stream_close(staging->tree);
    stream_close(staging->fd);
    staging->fd = staging->tree = -1;
}

enum status staging_remove(struct staging *staging)
{
    enum status status = STATUS_OK;
    if (staging->fd >= 0)
        status = remove_opened(staging->parent, staging->fd, staging->name);
    staging_leave(staging);
    return status;
}
