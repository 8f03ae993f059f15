#include "target.h"

#include "diag.h"
#include "names.h"
#include "remove.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status refuse(const struct target *target, const char *why)
{
    diag_error("%s: %s", diag_name(target->path).text, why);
    return STATUS_SYSTEM;
}

static enum status failed(const struct target *target, const char *what)
{
    diag_errno("%s: cannot %s", diag_name(target->path).text, what);
    return STATUS_SYSTEM;
}

/* Splits the path into the directory that holds the target and its name. */
static enum status path_split(struct target *target, char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        path[--length] = '\0';
    char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    if (strcmp(name, "") == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return refuse(target, "has no name in a directory above it that could be replaced at once "
                              "(--merge would work inside it)");
    if (strlen(name) > NAME_MAX) {
        errno = ENAMETOOLONG;
        return failed(target, "unpack there");
    }
    strcpy(target->name, name);
    if (slash)
        slash[slash == path] = '\0';
    target->parent = open(slash ? path : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return target->parent >= 0 ? STATUS_OK : failed(target, "open the directory above it");
}

static enum status link_refuse(const struct target *target)
{
    char text[PATH_MAX];
    ssize_t length = readlinkat(target->parent, target->name, text, sizeof text - 1);
    if (length < 0)
        return failed(target, "read the symbolic link");
    text[length] = '\0';
    diag_error("%s: is a symbolic link to %s; name that directory itself",
               diag_name(target->path).text, diag_name(text).text);
    return STATUS_SYSTEM;
}

static enum status empty_check(struct target *target)
{
    struct names names = {0};
    int fd = openat(target->parent, target->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || names_read(&names, fd) != 0) {
        enum status status = failed(target, "read directory");
        if (fd >= 0)
            close(fd);
        return status;
    }
    bool empty = names.count == 0;
    names_free(&names);
    close(fd);
    return empty ? STATUS_OK : refuse(target, "is not empty");
}

static enum status standing_check(struct target *target)
{
    struct statx status;
    if (statx(target->parent, target->name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &status) != 0)
        return errno == ENOENT ? STATUS_OK : failed(target, "read its status");
    if (S_ISLNK(status.stx_mode))
        return link_refuse(target);
    if (!S_ISDIR(status.stx_mode))
        return refuse(target, "is not a directory");
    if (status.stx_attributes & status.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT)
        return refuse(target, "is a mount point, which can't be replaced (--merge would work "
                              "inside it)");
    target->standing =
        (struct meta){.mode = status.stx_mode & 07777,
                      .uid = status.stx_uid,
                      .gid = status.stx_gid,
                      .mtime = {status.stx_mtime.tv_sec, (long)status.stx_mtime.tv_nsec}};
    return empty_check(target);
}

enum status target_open(struct target *target, const char *path)
{
    *target = (struct target){.path = path, .parent = -1};
    target->standing = (struct meta){
        .mode = 0755, .uid = geteuid(), .gid = getegid(), .mtime = {.tv_nsec = UTIME_NOW}};
    if (*path == '\0')
        return refuse(target, "an empty name is no directory");
    char *copy = strdup(path);
    if (!copy) {
        diag_error("out of memory");
        return STATUS_SYSTEM;
    }
    enum status status = path_split(target, copy);
    free(copy);
    return status == STATUS_OK ? standing_check(target) : status;
}

/* A directory that its owner may not write can't be moved to another parent (its ".." would
 * change): it leaves its wrapper with a mode that lets it, and is renamed from there. */
static int publish_readonly(const struct target *target, const struct staging *staging)
{
    struct stat status;
    char name[NAME_MAX + 1];
    if (fstat(staging->tree, &status) != 0 ||
        staging_step_out(staging, target->name, status.st_mode & 07777, name) != 0)
        return -1;
    if (renameat(target->parent, name, target->parent, target->name) == 0)
        return 0;
    int error = errno;
    remove_tree(target->parent, name);
    errno = error;
    return -1;
}

enum status target_publish(const struct target *target, struct staging *staging, bool sync)
{
    int result = renameat(staging->fd, STAGING_TREE, target->parent, target->name);
    if (result != 0 && errno == EACCES)
        result = publish_readonly(target, staging);
    if (result != 0)
        return failed(target, "publish the tree there");
    /* The tree's own file system is the parent's: one sync brings the new name to the disk. */
    if (sync && syncfs(staging->fd) != 0)
        return failed(target, "sync the directory above it");
    return STATUS_OK;
}

void target_close(struct target *target)
{
    if (target->parent >= 0)
        close(target->parent);
    target->parent = -1;
}
