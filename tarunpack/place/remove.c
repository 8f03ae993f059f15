#include "place/remove.h"

#include "diag.h"
#include "dirs.h"
#include "place/openat2.h"
#include "staging_name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct removal {
    struct dirs dirs;
    const char *path; /* of the top directory, for messages */
};

static enum status failed(const char *path)
{
    if (errno == EXDEV)
        return diag_error("%s: cannot remove: something is mounted there", path);
    return diag_errno("%s: cannot remove", path);
}

/* `name` is an entry of the present directory; NULL means that directory itself. */
static enum status failed_below(const struct removal *removal, const char *name)
{
    char path[3 * sizeof(struct diag_name)];
    const char *above = dirs_path(&removal->dirs);
    (void)snprintf(path, sizeof path, "%s%s%s%s%s", diag_name(removal->path).text,
                   *above ? "/" : "", diag_name(above).text, name ? "/" : "",
                   diag_name(name ? name : "").text);
    return failed(path);
}

/* Opens a directory again, to empty it, after giving its owner permission if needed. (Also, on
 * btrfs a descriptor only shows the entries that existed when it was opened.) */
static int directory_reopen(int fd)
{
    int again = openat2_beneath(fd, ".", O_RDONLY);
    if (again >= 0 || errno != EACCES)
        return again;
    return chmod(dirs_magic(fd, NULL).path, 0700) == 0 ? openat2_beneath(fd, ".", O_RDONLY) : -1;
}

static int directory_open_for_removal(int parent, const char *name)
{
    int fd = openat2_beneath(parent, name, O_RDONLY);
    if (fd >= 0 || errno != EACCES)
        return fd;
    int handle = openat2_beneath(parent, name, O_PATH);
    if (handle < 0)
        return -1;
    fd = directory_reopen(handle);
    close(handle);
    return fd;
}

/* Moves `text`, by which the directory is recognised, to the end of the list. */
static void put_last(struct names *names, const char *text)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names_text(names, i), text) == 0) {
            struct name last = names->list[i];
            memmove(&names->list[i], &names->list[i + 1], (names->count - i - 1) * sizeof last);
            names->list[names->count - 1] = last;
            return;
        }
    }
}

/* Reads the names of the directory just entered, after making it writable. */
static int level_read(struct removal *removal)
{
    struct stat status;
    int fd = dirs_fd(&removal->dirs);
    if (fstat(fd, &status) != 0)
        return -1;
    /* If this fails, it was not needed or the removal will fail with a message. */
    if ((status.st_mode & 0700) != 0700)
        (void)fchmod(fd, 0700);
    if (dirs_read(&removal->dirs) != 0)
        return -1;
    if (removal->dirs.count == 1) {
        put_last(dirs_names(&removal->dirs), STAGING_SPOOL_MARK);
        put_last(dirs_names(&removal->dirs), STAGING_BEGUN);
    }
    return 0;
}

/* Removes an entry, or enters it if it is a directory. */
static enum status name_take(struct removal *removal, const char *name)
{
    int here = dirs_fd(&removal->dirs);
    if (unlinkat(here, name, 0) == 0 || errno == ENOENT)
        return STATUS_OK;
    if (errno != EISDIR)
        return failed_below(removal, name);
    int fd = directory_open_for_removal(here, name);
    if (fd < 0 || dirs_push(&removal->dirs, fd, name) != 0)
        return failed_below(removal, name);
    return level_read(removal) == 0 ? STATUS_OK : failed_below(removal, NULL);
}

/* Leaves the directory, which is empty now, and removes it. */
static enum status level_leave(struct removal *removal)
{
    if (dirs_leave(&removal->dirs) != 0)
        return failed_below(removal, NULL);
    const struct names *names = dirs_names(&removal->dirs);
    const char *name = names_text(names, names->next - 1);
    if (unlinkat(dirs_fd(&removal->dirs), name, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return STATUS_OK;
    return failed_below(removal, name);
}

static enum status names_remove(struct removal *removal)
{
    enum status status = level_read(removal) == 0 ? STATUS_OK : failed_below(removal, NULL);
    while (status == STATUS_OK) {
        struct names *names = dirs_names(&removal->dirs);
        if (names->next < names->count) {
            size_t next = names->next++;
            status = name_take(removal, names_text(names, next));
        } else if (removal->dirs.count > 1) {
            status = level_leave(removal);
        } else {
            break;
        }
    }
    return status;
}

/* Takes ownership of `fd`. */
static enum status contents_remove(int fd, const char *path)
{
    struct removal removal = {.path = path};
    enum status status = STATUS_SYSTEM;
    if (dirs_start(&removal.dirs, fd) != 0)
        failed(diag_name(path).text);
    else
        status = names_remove(&removal);
    dirs_free(&removal.dirs);
    return status;
}

/* Takes ownership of `fd`. */
static enum status opened_remove(int parent, int fd, const char *name, const char *path)
{
    if (fd < 0)
        return failed(diag_name(path).text);
    enum status status = contents_remove(fd, path);
    if (status != STATUS_OK || unlinkat(parent, name, AT_REMOVEDIR) == 0)
        return status;
    return failed(diag_name(path).text);
}

enum status remove_any(int parent, const char *name, const char *path)
{
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
        return STATUS_OK;
    return errno == EISDIR ? remove_tree(parent, name, path) : failed(diag_name(path).text);
}

enum status remove_tree(int parent, const char *name, const char *path)
{
    return opened_remove(parent, directory_open_for_removal(parent, name), name, path);
}

enum status remove_opened(int parent, int fd, const char *name)
{
    return opened_remove(parent, directory_reopen(fd), name, name);
}
