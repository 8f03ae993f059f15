#include "place/workdir.h"

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
static int wrapper_hold(struct workdir *workdir)
{
    workdir->fd = dirs_open(workdir->parent, workdir->name);
    if (workdir->fd < 0)
        return -1;
    /* Without file locks, cleaners go by age. */
    enum lock_result lock = lock_take(workdir->fd, LOCK_EX);
    int error = errno;
    if ((lock == LOCK_TAKEN || lock == LOCK_UNSUPPORTED) &&
        dirs_is_same(workdir->fd, workdir->parent, workdir->name))
        return 0;
    close(workdir->fd);
    workdir->fd = -1;
    errno = lock == LOCK_FAILED ? error : EAGAIN;
    return -1;
}

static int wrapper_make(struct workdir *workdir, const char *target)
{
    for (int attempts = 0; attempts < 100; attempts++) {
        if (name_make(workdir->name, target) != 0)
            return -1;
        if (mkdirat(workdir->parent, workdir->name, 0700) == 0) {
            if (wrapper_hold(workdir) == 0)
                return 0;
            int error = errno;
            (void)unlinkat(workdir->parent, workdir->name, AT_REMOVEDIR);
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

/* Somebody who can rename in the parent may have replaced the new directory before it was opened:
 * by his own, where he could change the tree, or by another one of ours, which would be emptied at
 * the end. */
static enum status stranger_refuse(struct workdir *workdir)
{
    diag_error("%s: not the staging directory just created: another user replaced it, or the file "
               "system assigns new files to another owner",
               diag_name(workdir->name).text);
    (void)unlinkat(workdir->parent, workdir->name, AT_REMOVEDIR);
    workdir_leave(workdir);
    return STATUS_SYSTEM;
}

enum status workdir_create(struct workdir *workdir, int parent, const char *target, bool inside)
{
    *workdir = (struct workdir){.parent = parent, .fd = -1, .tree = -1};
    if (wrapper_make(workdir, target) != 0) {
        bool denied = errno == EACCES || errno == EPERM || errno == EROFS;
        if (inside)
            return diag_errno("cannot create a staging directory in the directory to merge onto");
        return diag_errno("cannot create a staging directory beside %s%s", diag_name(target).text,
                          denied ? " (--merge works inside the directory)" : "");
    }
    int own = is_own(workdir->fd, NULL, 0);
    if (own == 0)
        return stranger_refuse(workdir);
    if (own > 0 && inheritance_cut(workdir->fd) == 0 &&
        mkdirat(workdir->fd, WORKDIR_TREE, 0700) == 0)
        workdir->tree = dirs_open(workdir->fd, WORKDIR_TREE);
    if (workdir->tree >= 0)
        return STATUS_OK;
    enum status status = diag_failed(workdir->name, "prepare the staging directory");
    (void)workdir_remove(workdir);
    return status;
}

/* Renames the tree to a name beside its wrapper. A file system without RENAME_NOREPLACE (NFS) gets
 * a plain rename: the name is random, and only an empty directory could be lost. */
static int step_to(const struct workdir *workdir, const char *name)
{
    int result = kernel_rename_new(workdir->fd, WORKDIR_TREE, workdir->parent, name);
    if (result != 0 && (errno == EINVAL || errno == ENOSYS))
        result = renameat(workdir->fd, WORKDIR_TREE, workdir->parent, name);
    return result;
}

int workdir_step_out(const struct workdir *workdir, const char *target, mode_t mode,
                     char name[NAME_MAX + 1])
{
    /* The new name is one that cleaners look for; the lock keeps them away. */
    enum lock_result lock = lock_take(workdir->tree, LOCK_EX);
    if (lock == LOCK_HELD || lock == LOCK_FAILED)
        return -1;
    if (name_make(name, target) != 0 || fchmod(workdir->tree, mode | S_IWUSR) != 0 ||
        step_to(workdir, name) != 0)
        return -1;
    return fchmod(workdir->tree, mode);
}

int workdir_is_wrapper(int fd)
{
    static const char *const known[] = {WORKDIR_TREE, WORKDIR_LINKS, STAGING_BEGUN,
                                        WORKDIR_BEGINNING, WORKDIR_PUBLISHED};
    struct stat status;
    if (fstat(fd, &status) != 0)
        return -1;
    return (status.st_mode & 07777) != 0700 ? 0
                                            : holds_only(fd, known, sizeof known / sizeof *known);
}

/* Opens the tree of an adopted wrapper, and marks the wrapper as used. */
static int tree_take(struct workdir *workdir)
{
    static const char *const known[] = {WORKDIR_TREE, WORKDIR_PUBLISHED};
    int wrapper = workdir_is_wrapper(workdir->fd);
    int own = is_own(workdir->fd, known, sizeof known / sizeof *known);
    if (wrapper < 0 || own < 0)
        return -1;
    if (!wrapper || !own) {
        errno = EINVAL;
        return -1;
    }
    workdir->tree = dirs_open(workdir->fd, WORKDIR_TREE);
    if (workdir->tree < 0)
        return -1;
    int fd = openat(workdir->fd, WORKDIR_PUBLISHED, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return fd < 0 ? -1 : close(fd);
}

enum status workdir_adopt(struct workdir *workdir, int parent, const char *target, const char *name)
{
    *workdir = (struct workdir){.parent = parent, .fd = -1, .tree = -1};
    if (!staging_name_is(name, target))
        return diag_error("%s: not the name of a staging directory for %s, .%s.zlsnap-XXXXXX",
                          diag_name(name).text, diag_name(target).text, diag_name(target).text);
    memcpy(workdir->name, name, strlen(name) + 1);
    workdir->fd = dirs_open(parent, name);
    if (workdir->fd < 0)
        return diag_failed(name, "open the staging directory");
    /* Its maker may still hold the lock. */
    (void)lock_take(workdir->fd, LOCK_EX);
    if (tree_take(workdir) == 0)
        return STATUS_OK;
    if (errno == EINVAL)
        diag_error("%s: is not a staging directory that contains only a tree",
                   diag_name(name).text);
    else if (errno == EEXIST)
        diag_error("%s: already adopted by a run that was interrupted", diag_name(name).text);
    else
        (void)diag_failed(name, "adopt its tree");
    workdir_leave(workdir);
    return STATUS_SYSTEM;
}

void workdir_leave(struct workdir *workdir)
{
    stream_close(workdir->tree);
    stream_close(workdir->fd);
    workdir->fd = workdir->tree = -1;
}

enum status workdir_remove(struct workdir *workdir)
{
    enum status status = STATUS_OK;
    if (workdir->fd >= 0)
        status = remove_opened(workdir->parent, workdir->fd, workdir->name);
    workdir_leave(workdir);
    return status;
}
