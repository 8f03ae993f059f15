#include "place/target.h"

#include "diag.h"
#include "dirs.h"
#include "kernel.h"
#include "names.h"
#include "place/remove.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum status refuse(const struct target *target, const char *why)
{
    return diag_error("%s: %s", diag_name(target->path).text, why);
}

void target_slashes_cut(char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        path[--length] = '\0';
}

/* Splits the path into the parent directory, which is opened, and the name. */
static enum status path_split(struct target *target, char *path)
{
    target_slashes_cut(path);
    char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    if (strcmp(name, "") == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return refuse(target,
                      "has no name in a parent directory, so it cannot be replaced (--merge "
                      "works inside it)");
    if (strlen(name) > NAME_MAX) {
        errno = ENAMETOOLONG;
        return diag_failed(target->path, "unpack there");
    }
    memcpy(target->name, name, strlen(name) + 1);
    if (slash)
        slash[slash == path] = '\0';
    target->parent = open(slash ? path : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return target->parent >= 0 ? STATUS_OK : diag_failed(target->path, "open its parent directory");
}

enum status target_link_refuse(const char *path, int parent, const char *name)
{
    char text[PATH_MAX];
    ssize_t length = readlinkat(parent, name, text, sizeof text - 1);
    if (length < 0)
        return diag_failed(path, "read the symbolic link");
    text[length] = '\0';
    return diag_error("%s: is a symbolic link to %s; name that directory itself",
                      diag_name(path).text, diag_name(text).text);
}

/* proc(5), /proc/PID/mountinfo: the mount point is the fifth field, with white space and
 * backslashes as \ooo. Returns it, unescaped in place; NULL if the line is malformed. */
static char *mount_point(char *line)
{
    char *field = line, *out = NULL, *in = NULL;
    for (int i = 0; i < 4 && field; i++) {
        field = strchr(field, ' ');
        field = field ? field + 1 : NULL;
    }
    if (!field)
        return NULL;
    for (out = in = field; *in && *in != ' ';) {
        if (in[0] == '\\' && in[1] && in[2] && in[3]) {
            *out++ = (char)((in[1] - '0') * 64 + (in[2] - '0') * 8 + (in[3] - '0'));
            in += 4;
        } else {
            *out++ = *in++;
        }
    }
    *out = '\0';
    return field;
}

static bool is_within(const char *path, const char *directory)
{
    size_t length = strlen(directory);
    return strncmp(path, directory, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* Checks every line; changes `list`. */
static enum status lines_check(char *list, const char *directory, const char *path)
{
    for (char *line = list, *next = NULL; *line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        char *point = next ? mount_point(line) : NULL;
        if (!point)
            return diag_error(
                "%s: cannot tell what is mounted there: malformed /proc/self/mountinfo",
                diag_name(path).text);
        if (!is_within(point, directory))
            continue;
        return diag_error("%s: cannot be replaced while something is mounted on %s",
                          diag_name(path).text, diag_name(point).text);
    }
    return STATUS_OK;
}

/* Refuses the target, which `fd` is open on, if anything is mounted on or below it: it would be
 * taken along. */
static enum status mounts_refuse(const char *path, int fd)
{
    char directory[PATH_MAX];
    struct buf list = {0};
    enum status status = STATUS_OK;
    ssize_t length = readlink(dirs_magic(fd, NULL).path, directory, sizeof directory - 1);
    int mounts = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    if (length < 0 || mounts < 0 || stream_read_all(mounts, &list) != 0) {
        status = diag_failed(path, "tell what is mounted there");
    } else {
        directory[length] = '\0';
        status = lines_check(list.bytes, directory, path);
    }
    stream_close(mounts);
    buf_free(&list);
    return status;
}

/* Checks that the existing directory `fd` may be replaced. */
static enum status yield_check(const struct target *target, int fd)
{
    struct names names = {0};
    if (target->replace)
        return mounts_refuse(target->path, fd);
    int result = names_read(&names, fd);
    bool empty = names.count == 0;
    names_free(&names);
    if (result != 0)
        return diag_failed(target->path, "read directory");
    return empty ? STATUS_OK : refuse(target, "is not empty (--replace replaces it)");
}

static enum status standing_check(struct target *target)
{
    struct stat status;
    if (fstatat(target->parent, target->name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? STATUS_OK : diag_failed(target->path, "read its status");
    if (S_ISLNK(status.st_mode))
        return target_link_refuse(target->path, target->parent, target->name);
    if (!S_ISDIR(status.st_mode))
        return refuse(target, "is not a directory");
    if (kernel_is_mount_point(target->parent, target->name))
        return refuse(target, "is a mount point and cannot be replaced (--merge works inside it)");
    target->standing = status;
    target->stands = true;
    int flags = target->replace ? O_PATH : O_RDONLY;
    int fd = openat(target->parent, target->name, flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return diag_failed(target->path, "read directory");
    enum status result = yield_check(target, fd);
    close(fd);
    return result;
}

enum status target_open(struct target *target, const char *path, bool replace)
{
    *target = (struct target){.path = path, .replace = replace, .parent = -1};
    if (*path == '\0')
        return refuse(target, "an empty name is not a directory");
    char *copy = strdup(path);
    if (!copy)
        return diag_no_memory();
    enum status status = path_split(target, copy);
    free(copy);
    return status == STATUS_OK ? standing_check(target) : status;
}

/* Whether publishing exchanges the new tree with an old one, which is removed afterwards. */
static bool is_exchanged(const struct target *target)
{
    return target->replace && target->stands;
}

/* Renames `name` in the open directory `from` to the target. A replaced directory gets the old name
 * of the new tree. */
static int put(const struct target *target, int from, const char *name)
{
    if (is_exchanged(target))
        return kernel_exchange(from, name, target->parent, target->name);
    return renameat(from, name, target->parent, target->name);
}

/* Removes the replaced tree, now called `name`, if it is the directory `old`. */
static enum status old_remove(const struct target *target, int old, const char *name)
{
    if (old < 0 || !dirs_is_same(old, target->parent, name))
        return STATUS_SYSTEM;
    return remove_opened(target->parent, old, name);
}

/* A directory that its owner cannot write cannot be moved to another parent, as that changes its
 * "..". So the new tree is first moved out of the staging directory with a mode that permits it,
 * and then renamed. `*left` is the status of removing the tree that it replaced. */
static int put_readonly(const struct target *target, const struct staging *staging,
                        enum status *left)
{
    struct stat status;
    char name[NAME_MAX + 1];
    const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int old = openat(target->parent, target->name, flags);
    if (fstat(staging->tree, &status) != 0 ||
        staging_step_out(staging, target->name, status.st_mode & 07777, name) != 0) {
        stream_close(old);
        return -1;
    }
    int result = put(target, target->parent, name), error = errno;
    /* Others may see this name, so remove what has it now: the unpublished tree or the replaced
     * one. */
    if (result != 0)
        (void)remove_opened(target->parent, staging->tree, name);
    else if (is_exchanged(target))
        *left = old_remove(target, old, name);
    stream_close(old);
    errno = error;
    return result;
}

static enum status publish_failed(const struct target *target)
{
    if ((errno == EINVAL || errno == ENOSYS) && target->replace)
        return refuse(target, "not replaced: the file system cannot exchange directories");
    if (errno == ENOTEMPTY || errno == EEXIST)
        return refuse(target, "is no longer empty");
    return diag_failed(target->path, "publish the new tree");
}

/* On XFS an exchange also changes the directory's own mtime. */
static int time_restore(int fd, const struct stat *before)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, before->st_mtim};
    struct stat after;
    if (fstat(fd, &after) != 0)
        return -1;
    bool same = after.st_mtim.tv_sec == before->st_mtim.tv_sec &&
                after.st_mtim.tv_nsec == before->st_mtim.tv_nsec;
    return same ? 0 : futimens(fd, times);
}

enum status target_left_behind(const struct target *target)
{
    return refuse(target,
                  is_exchanged(target)
                      ? "was replaced, but the old tree beside it could not be removed"
                      : "was published, but the staging directory beside it could not be removed");
}

enum status target_publish(const struct target *target, struct staging *staging, bool sync)
{
    struct stat before;
    enum status left = STATUS_OK;
    if (fstat(staging->tree, &before) != 0)
        return diag_failed(target->path, "read the status of the new tree");
    int result = put(target, staging->fd, STAGING_TREE);
    if (result != 0 && errno == EACCES)
        result = put_readonly(target, staging, &left);
    if (result != 0)
        return publish_failed(target);
    if (time_restore(staging->tree, &before) != 0)
        return diag_failed(target->path, "restore its time");
    /* One sync suffices, as the tree and the parent are on one file system. */
    if (sync && syncfs(staging->fd) != 0)
        return diag_failed(target->path, "sync its parent directory");
    return left == STATUS_OK ? STATUS_OK : target_left_behind(target);
}

void target_close(struct target *target)
{
    stream_close(target->parent);
    target->parent = -1;
}
