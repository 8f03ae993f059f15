#include "dirs.h"

#include "array.h"
#include "privilege.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int dirs_open(int parent, const char *name)
{
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

struct dirs_magic dirs_magic(int fd, const char *name)
{
    struct dirs_magic magic;
    (void)snprintf(magic.path, sizeof magic.path, "/proc/self/fd/%d%s%s", fd, name ? "/" : "",
                   name ? name : "");
    return magic;
}

int dirs_create_unnamed(int directory)
{
    int fd = openat(directory, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (fd >= 0 && access(dirs_magic(fd, NULL).path, F_OK) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

int dirs_name(int fd, int directory, const char *name)
{
    return linkat(AT_FDCWD, dirs_magic(fd, NULL).path, directory, name, AT_SYMLINK_FOLLOW);
}

bool dirs_is_same(int fd, int parent, const char *name)
{
    struct stat held, named;
    return fstat(fd, &held) == 0 && fstatat(parent, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

static bool is_in_group(gid_t group)
{
    int count = getgroups(0, NULL);
    gid_t *groups = count > 0 ? calloc((size_t)count, sizeof *groups) : NULL;
    bool is = group == getegid();
    if (groups)
        count = getgroups(count, groups);
    for (int i = 0; groups && i < count && !is; i++)
        is = groups[i] == group;
    free(groups);
    return is;
}

bool dirs_unlock(int fd, mode_t *mode)
{
    struct stat status;
    if (faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) == 0 || errno != EACCES ||
        fstat(fd, &status) != 0)
        return false;
    /* Outside that group chmod(2) would clear the setgid bit for good. */
    if ((status.st_mode & S_ISGID) && !is_in_group(status.st_gid) && !privilege_has(CAP_FSETID))
        return false;
    *mode = status.st_mode & 07777;
    return fchmod(fd, *mode | 0700) == 0;
}

static struct dirs_level *last(const struct dirs *dirs)
{
    return &dirs->levels[dirs->count - 1];
}

static int level_append(struct dirs *dirs, int fd)
{
    struct stat status;
    if (array_reserve(&dirs->levels, &dirs->capacity, dirs->count + 1, sizeof *dirs->levels) != 0 ||
        fstat(fd, &status) != 0)
        return -1;
    dirs->levels[dirs->count++] = (struct dirs_level){.fd = fd,
                                                      .device = status.st_dev,
                                                      .inode = status.st_ino,
                                                      .path_length = dirs->path.length};
    return 0;
}

/* If too many levels are open, closes the one nearest to the root. The root stays open. */
static void levels_trim(struct dirs *dirs)
{
    if (dirs->count - dirs->first_open < DIRS_OPEN_MAX)
        return;
    struct dirs_level *level = &dirs->levels[dirs->first_open++];
    stream_close(level->fd);
    level->fd = -1;
}

static int path_append(struct dirs *dirs, const char *name)
{
    if (dirs->path.length > 0 && buf_append(&dirs->path, "/", 1) != 0)
        return -1;
    return buf_append_text(&dirs->path, name);
}

static void path_cut(struct dirs *dirs, size_t length)
{
    dirs->path.length = length;
    dirs->path.bytes[length] = '\0';
}

static int close_failed(int fd)
{
    stream_close(fd);
    return -1;
}

int dirs_start(struct dirs *dirs, int fd)
{
    if (buf_set_text(&dirs->path, "", 0) != 0 || level_append(dirs, fd) != 0)
        return close_failed(fd);
    dirs->first_open = 1;
    return 0;
}

int dirs_push(struct dirs *dirs, int fd, const char *name)
{
    size_t length = dirs->path.length;
    if (path_append(dirs, name) != 0 || level_append(dirs, fd) != 0) {
        path_cut(dirs, length);
        return close_failed(fd);
    }
    levels_trim(dirs);
    return 0;
}

int dirs_enter(struct dirs *dirs, const char *name)
{
    int fd = dirs_open(dirs_fd(dirs), name);
    return fd < 0 ? -1 : dirs_push(dirs, fd, name);
}

/* Reopens the level above the current one through "..", if it is still the same directory. */
static int above_reopen(struct dirs *dirs, struct dirs_level *above)
{
    struct stat status;
    int fd = dirs_open(last(dirs)->fd, "..");
    if (fd < 0)
        return -1;
    if (fstat(fd, &status) != 0)
        return close_failed(fd);
    if (status.st_dev != above->device || status.st_ino != above->inode) {
        errno = ESTALE;
        return close_failed(fd);
    }
    above->fd = fd;
    dirs->first_open = dirs->count - 2;
    return 0;
}

int dirs_detach(struct dirs *dirs)
{
    struct dirs_level *above = &dirs->levels[dirs->count - 2];
    if (above->fd < 0 && above_reopen(dirs, above) != 0)
        return -1;
    int fd = last(dirs)->fd;
    names_free(&last(dirs)->names);
    dirs->count--;
    path_cut(dirs, above->path_length);
    return fd;
}

int dirs_leave(struct dirs *dirs)
{
    int fd = dirs_detach(dirs);
    if (fd < 0)
        return -1;
    close(fd);
    return 0;
}

int dirs_read(struct dirs *dirs)
{
    return names_read(&last(dirs)->names, last(dirs)->fd);
}

struct names *dirs_names(const struct dirs *dirs)
{
    return &last(dirs)->names;
}

int dirs_fd(const struct dirs *dirs)
{
    return last(dirs)->fd;
}

const char *dirs_path(const struct dirs *dirs)
{
    return dirs->path.bytes;
}

void dirs_free(struct dirs *dirs)
{
    for (size_t i = 0; i < dirs->count; i++) {
        stream_close(dirs->levels[i].fd);
        names_free(&dirs->levels[i].names);
    }
    free(dirs->levels);
    buf_free(&dirs->path);
    *dirs = (struct dirs){0};
}
