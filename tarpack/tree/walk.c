#include "tree/walk.h"

#include "diag.h"
#include "tar_entry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/* Errors of an entry that changed between readdir, stat and open. */
static bool is_vanished(int error)
{
    return error == ENOENT || error == ESTALE;
}

static bool is_replaced(int error)
{
    return error == ELOOP || error == ENOTDIR || error == ENXIO;
}

static void vanished_warn(const struct walk *walk)
{
    diag_warn("%s: vanished or was replaced while it was being read",
              diag_name(walk->path.bytes).text);
}

static enum status failed(const struct walk *walk, const char *what)
{
    const char *path = walk->path.bytes;
    if (!is_replaced(errno))
        return diag_failed(path, what);
    return diag_error("%s: was replaced by another type while it was being read",
                      diag_name(path).text);
}

enum status walk_start(struct walk *walk, int fd, bool live)
{
    walk->live = live;
    walk->item.fd = -1;
    if (dirs_start(&walk->dirs, fd) != 0 || buf_set_text(&walk->path, TAR_ROOT, 1) != 0)
        return diag_errno("cannot start reading the directory");
    return STATUS_OK;
}

static void level_sort(const struct walk *walk)
{
    struct names *names = dirs_names(&walk->dirs);
    for (size_t i = 0; walk->key && i < names->count; i++) {
        if (strncmp(names_text(names, i), walk->marked, strlen(walk->marked)) == 0) {
            names_sort(names, walk->key);
            return;
        }
    }
}

/* Reads the names of the current directory. */
static enum status level_read(struct walk *walk)
{
    if (walk->given.count > 0) {
        *dirs_names(&walk->dirs) = walk->given;
        walk->given = (struct names){0};
        return STATUS_OK;
    }
    if (dirs_read(&walk->dirs) == 0) {
        level_sort(walk);
        return STATUS_OK;
    }
    /* Its header may be written already: it becomes an empty directory. For DIR itself that would
     * be an empty archive. */
    if (!walk->live || !is_vanished(errno) || walk->dirs.count == 1)
        return failed(walk, "read directory");
    vanished_warn(walk);
    names_free(dirs_names(&walk->dirs));
    return STATUS_OK;
}

static enum status item_descend(struct walk *walk)
{
    int fd = walk->item.fd;
    walk->item.fd = -1;
    if (dirs_push(&walk->dirs, fd, walk->item.name) == 0)
        return level_read(walk);
    names_free(&walk->given);
    if (!walk->live || !is_vanished(errno))
        return failed(walk, "enter directory");
    vanished_warn(walk);
    return STATUS_OK;
}

/* Reads the item's status, and opens directories and regular files. O_NONBLOCK: opening a FIFO that
 * has replaced the file must not wait. Returns 0; -1 with errno set. */
static int item_open(struct walk_item *item, unsigned char type)
{
    if (type != DT_REG && type != DT_DIR) {
        if (fstatat(item->parent, item->name, &item->status, AT_SYMLINK_NOFOLLOW) != 0)
            return -1;
        if (!S_ISREG(item->status.st_mode) && !S_ISDIR(item->status.st_mode))
            return 0;
        type = S_ISREG(item->status.st_mode) ? DT_REG : DT_DIR;
    }
    int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    item->fd = openat(item->parent, item->name, type == DT_DIR ? flags | O_DIRECTORY : flags);
    if (item->fd < 0 || fstat(item->fd, &item->status) != 0)
        return -1;
    bool same = type == DT_DIR ? S_ISDIR(item->status.st_mode) : S_ISREG(item->status.st_mode);
    errno = ENXIO;
    return same ? 0 : -1;
}

static void item_close(struct walk_item *item)
{
    if (item->fd >= 0 && item->parent >= 0)
        close(item->fd);
    item->fd = -1;
}

bool walk_peek(struct walk *walk)
{
    struct walk_item *item = &walk->item;
    return walk->type == DT_REG &&
           fstatat(item->parent, item->name, &item->status, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(item->status.st_mode);
}

enum status walk_look(struct walk *walk, bool *there)
{
    struct walk_item *item = &walk->item;
    bool root = item->parent < 0;
    *there = (root ? fstat(item->fd, &item->status) : item_open(item, walk->type)) == 0;
    walk->descend = *there && S_ISDIR(item->status.st_mode);
    if (*there)
        return STATUS_OK;
    if (!walk->live || !(is_vanished(errno) || is_replaced(errno)))
        return failed(walk, walk->type == DT_DIR ? "open directory" : "open");
    vanished_warn(walk);
    item_close(item);
    return STATUS_OK;
}

/* Whether the item's name no longer refers to the inode that walk_look() found. An inode number may
 * be reused at once, so ctime is compared as well. */
static bool is_gone(const struct walk_item *item)
{
    const struct stat *was = &item->status;
    struct stat now;
    if (item->parent < 0)
        return false;
    if (fstatat(item->parent, item->name, &now, AT_SYMLINK_NOFOLLOW) != 0)
        return is_vanished(errno);
    return now.st_dev != was->st_dev || now.st_ino != was->st_ino ||
           (now.st_mode & S_IFMT) != (was->st_mode & S_IFMT) ||
           now.st_ctim.tv_sec != was->st_ctim.tv_sec || now.st_ctim.tv_nsec != was->st_ctim.tv_nsec;
}

enum status walk_read_failed(struct walk *walk, const char *what, bool *there)
{
    const int error = errno;
    /* Reading a replaced link gives EINVAL. The error alone is no proof: without /proc, through
     * which attributes are read, it is ENOENT as well. */
    bool may_be = is_vanished(error) || is_replaced(error) || error == EINVAL;
    *there = !(walk->live && may_be && is_gone(&walk->item));
    errno = error;
    if (*there)
        return failed(walk, what);
    vanished_warn(walk);
    walk->descend = false;
    return STATUS_OK;
}

enum status walk_read_link(struct walk *walk, struct buf *target, bool *there)
{
    const struct walk_item *item = &walk->item;
    if (buf_reserve(target, PATH_MAX) != 0)
        return diag_no_memory();
    ssize_t length = readlinkat(item->parent, item->name, target->bytes, PATH_MAX - 1);
    if (length < 0)
        return walk_read_failed(walk, "read the link", there);
    target->bytes[length] = '\0';
    return STATUS_OK;
}

static void root_find(struct walk *walk)
{
    walk->root_seen = true;
    walk->type = DT_DIR;
    walk->item = (struct walk_item){
        .path = walk->path.bytes, .name = TAR_ROOT, .parent = -1, .fd = dirs_fd(&walk->dirs)};
}

static enum status name_find(struct walk *walk, const struct names *names, size_t index)
{
    struct walk_item *item = &walk->item;
    const char *above = dirs_path(&walk->dirs);
    *item = (struct walk_item){.name = names_text(names, index),
                               .parent = dirs_fd(&walk->dirs),
                               .fd = -1,
                               .number = index,
                               .depth = walk->dirs.count - 1};
    if (buf_set_text(&walk->path, above, strlen(above)) != 0 ||
        (*above && buf_append(&walk->path, "/", 1) != 0) ||
        buf_append_text(&walk->path, item->name) != 0)
        return diag_no_memory();
    item->path = walk->path.bytes;
    walk->type = names->list[index].type;
    return STATUS_OK;
}

/* Leaves the current item: enters it if it is to be walked, else closes it. */
static enum status walk_advance(struct walk *walk)
{
    struct walk_item *item = &walk->item;
    bool descend = walk->descend;
    walk->descend = false;
    if (item->parent < 0)
        return descend ? level_read(walk) : STATUS_OK;
    if (descend)
        return item_descend(walk);
    item_close(item);
    return STATUS_OK;
}

enum status walk_next(struct walk *walk, const struct walk_item **found)
{
    *found = NULL;
    if (!walk->root_seen) {
        root_find(walk);
        *found = &walk->item;
        return STATUS_OK;
    }
    enum status status = walk_advance(walk);
    while (status == STATUS_OK) {
        struct names *names = dirs_names(&walk->dirs);
        if (names->next < names->count) {
            status = name_find(walk, names, names->next++);
            *found = status == STATUS_OK ? &walk->item : NULL;
            return status;
        }
        if (walk->dirs.count == 1)
            return STATUS_OK;
        if (dirs_leave(&walk->dirs) != 0)
            return failed(walk, "return to the directory above");
    }
    return status;
}

bool walk_may_be_directory(const struct walk *walk)
{
    return walk->type == DT_DIR || walk->type == DT_UNKNOWN;
}

void walk_set_status(struct walk *walk, const struct stat *status)
{
    walk->item.status = *status;
}

bool walk_enters(const struct walk *walk)
{
    return walk->descend;
}

void walk_give_names(struct walk *walk, const struct names *names)
{
    walk->given = *names;
}

int walk_take(struct walk *walk)
{
    int fd = walk->item.fd;
    walk->item.fd = -1;
    return fd;
}

void walk_prune(struct walk *walk)
{
    walk->descend = false;
}

void walk_free(struct walk *walk)
{
    if (walk->item.fd >= 0)
        item_close(&walk->item);
    dirs_free(&walk->dirs);
    names_free(&walk->given);
    buf_free(&walk->path);
    *walk = (struct walk){0};
}
