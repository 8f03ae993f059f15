#include "merge/target.h"

#include "diag.h"
#include "dirs.h"
#include "lock.h"
#include "place/target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opens the directory `name`, which is target->path without trailing slashes. */
static enum status merge_directory_open(struct merge_target *target, const char *name)
{
    struct stat status;
    target->fd = open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (target->fd >= 0)
        return STATUS_OK;
    int error = errno;
    if (lstat(name, &status) == 0 && S_ISLNK(status.st_mode))
        return target_link_refuse(target->path, AT_FDCWD, name);
    errno = error;
    return diag_failed(target->path, "open the directory to merge onto");
}

/* Without file locks, users must keep merges apart themselves. */
static enum status directory_lock(const struct merge_target *target)
{
    enum lock_result lock = lock_take(target->fd, LOCK_EX);
    if (lock == LOCK_HELD)
        return diag_error("%s: locked by another process, probably another merge",
                          diag_name(target->path).text);
    return lock == LOCK_FAILED ? diag_failed(target->path, "lock") : STATUS_OK;
}

enum status merge_target_open(struct merge_target *target, const char *path)
{
    *target = (struct merge_target){.path = path, .fd = -1};
    char *name = strdup(path);
    if (!name)
        return diag_no_memory();
    target_slashes_cut(name);
    enum status status = merge_directory_open(target, name);
    free(name);
    if (status != STATUS_OK)
        return status;
    status = merge_target_remember(target);
    return status == STATUS_OK ? directory_lock(target) : status;
}

enum status merge_target_sync(const struct merge_target *target)
{
    return syncfs(target->fd) == 0 ? STATUS_OK : diag_failed(target->path, "sync");
}

enum status merge_target_remember(struct merge_target *target)
{
    struct stat status;
    if (fstat(target->fd, &status) != 0)
        return diag_failed(target->path, "read its status");
    target->mtime = status.st_mtim;
    target->mode = status.st_mode & 07777;
    return STATUS_OK;
}

void merge_target_unlock(const struct merge_target *target)
{
    mode_t mode;
    (void)dirs_unlock(target->fd, &mode); /* if this fails, so will whatever needs it */
}

void merge_target_restore(const struct merge_target *target)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, target->mtime};
    struct stat status;
    if (fstat(target->fd, &status) != 0 ||
        ((status.st_mode & 07777) != target->mode && fchmod(target->fd, target->mode) != 0))
        diag_warn("%s: cannot restore its mode: %s", diag_name(target->path).text, strerror(errno));
    /* A user who can write a directory without owning it cannot restore its time, and a read-only
     * file system has changed nothing. */
    if (futimens(target->fd, times) != 0 && errno != EPERM && errno != EROFS)
        diag_warn("%s: cannot restore its time: %s", diag_name(target->path).text, strerror(errno));
}
