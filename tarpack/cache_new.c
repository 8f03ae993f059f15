#include "cache_new.h"

#include "diag.h"
#include "dirs.h"
#include "staging_name.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <unistd.h>

/* Opens the directory that holds the file. */
static enum status directory_open(struct cache_new *new)
{
    const char *slash = strrchr(new->path, '/');
    const char *name = slash ? slash + 1 : new->path;
    if (*name == '\0' || strlen(name) > NAME_MAX) {
        diag_error("%s: is no name of a file", diag_name(new->path).text);
        return STATUS_SYSTEM;
    }
    memcpy(new->name, name, strlen(name) + 1);
    char *above = slash ? strndup(new->path, (size_t)(slash - new->path) + 1) : strdup(".");
    if (above)
        new->directory = open(above, O_PATH | O_DIRECTORY | O_CLOEXEC);
    free(above);
    if (new->directory >= 0)
        return STATUS_OK;
    return diag_failed(new->path, "open the directory of the cache");
}

/* Makes a file without a name. Not where /proc is missing, by which it gets one. Returns whether
 * there is one. */
static bool unnamed_open(struct cache_new *new)
{
    int fd = openat(new->directory, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    if (access(dirs_magic(fd, NULL).path, F_OK) == 0)
        new->fd = fd;
    else
        close(fd);
    return new->fd >= 0;
}

/* Removes what has the private name, unless its run is alive and holds its lock. Returns 0; -1 with
 * errno set, EWOULDBLOCK for a live run. */
static int leftover_remove(const struct cache_new *new)
{
    int result = 0;
    int fd = openat(new->directory, new->temporary,
                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return 0;
    /* Without locks, or for what is no file, nobody can say that it is alive. */
    bool alive = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (alive)
        result = -1;
    else if (fd < 0 || dirs_is_same(fd, new->directory, new->temporary))
        result = unlinkat(new->directory, new->temporary, 0);
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return result == 0 || error == ENOENT ? 0 : -1;
}

/* Makes a file with the private name, and locks it. Returns 0; -1 with errno set. */
static int named_open(struct cache_new *new)
{
    /* Another run may take the file for a leftover before it is locked. */
    for (int tries = 0; tries < 10; tries++) {
        int fd = openat(new->directory, new->temporary,
                        O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0 && (errno != EEXIST || leftover_remove(new) != 0))
            return -1;
        if (fd < 0)
            continue;
        bool lost = flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
        if (!lost && dirs_is_same(fd, new->directory, new->temporary)) {
            new->fd = fd;
            new->has_name = true;
            return 0;
        }
        close(fd);
    }
    errno = EWOULDBLOCK;
    return -1;
}

enum status cache_new_open(struct cache_new *new, const char *path)
{
    static const unsigned char always[STAGING_RANDOM_LENGTH] = {0};
    *new = (struct cache_new){.path = path, .directory = -1, .fd = -1};
    if (directory_open(new) != STATUS_OK)
        return STATUS_SYSTEM;
    staging_name_make(new->temporary, new->name, always);
    if (unnamed_open(new) || named_open(new) == 0)
        return STATUS_OK;
    if (errno == EWOULDBLOCK) {
        new->failed = true;
        diag_warn("%s: the cache is not updated: another run is writing it", diag_name(path).text);
        return STATUS_OK;
    }
    return diag_failed(path, "create the cache");
}

static void new_failed(struct cache_new *new)
{
    if (!new->failed)
        diag_warn("%s: the cache can't be written: %s", diag_name(new->path).text, strerror(errno));
    new->failed = true;
    new->out.length = 0;
}

/* Begins an empty block: its header comes first, and is filled in when all is there. */
static void block_begin(struct cache_new *new)
{
    const struct cache_block block = {0};
    new->out.length = 0;
    cache_new_append(new, &block, sizeof block);
}

static void block_write(struct cache_new *new)
{
    if (new->failed)
        return;
    struct cache_block block = {.length = new->out.length - sizeof block};
    new->check = cache_check(new->check, new->out.bytes + sizeof block, (size_t)block.length);
    block.check = new->check;
    memcpy(new->out.bytes, &block, sizeof block);
    if (stream_write(new->fd, new->out.bytes, new->out.length) != 0)
        new_failed(new);
    else
        block_begin(new);
}

/* Copies the whole blocks that come before the present one. */
static int blocks_copy(const struct cache_new *new, const struct cache_old *old, off_t from)
{
    while ((uint64_t)from < old->begin) {
        ssize_t got = sendfile(new->fd, old->fd, &from, (size_t)(old->begin - (uint64_t)from));
        if (got < 0 && errno != EINTR)
            return -1;
        if (got == 0) {
            errno = EIO; /* it was longer when it was read */
            return -1;
        }
    }
    return 0;
}

void cache_new_differ(struct cache_new *new, const struct cache_old *old)
{
    if (new->differs || new->failed)
        return;
    const struct cache_header header = old->header; /* the check begins with it */
    new->differs = true;
    new->check = old->check;
    if (stream_write(new->fd, &header, sizeof header) != 0 ||
        blocks_copy(new, old, sizeof header) != 0)
        new_failed(new);
    block_begin(new);
    cache_new_append(new, old->in.bytes, old->next);
    cache_new_end(new);
}

void cache_new_append(struct cache_new *new, const void *bytes, size_t length)
{
    if (new->failed || buf_append(&new->out, bytes, length) == 0)
        return;
    errno = ENOMEM;
    new_failed(new);
}

void cache_new_end(struct cache_new *new)
{
    if (new->out.length >= sizeof(struct cache_block) + CACHE_BLOCK_FULL)
        block_write(new);
}

static int file_link(const struct cache_new *new, const char *name)
{
    return linkat(AT_FDCWD, dirs_magic(new->fd, NULL).path, new->directory, name,
                  AT_SYMLINK_FOLLOW);
}

/* Gives a file without a name the private one; or its own, where nothing has that. Returns 0; -1
 * with errno set. */
static int name_give(struct cache_new *new)
{
    if (file_link(new, new->name) == 0)
        return 0;
    if (errno != EEXIST || (unlinkat(new->directory, new->temporary, 0) != 0 && errno != ENOENT) ||
        file_link(new, new->temporary) != 0)
        return -1;
    new->has_name = true;
    return 0;
}

/* Puts the file in its place. Returns 0; -1 with errno set. */
static int file_place(struct cache_new *new)
{
    const bool shares_name = !new->has_name;
    if (shares_name && name_give(new) != 0)
        return errno == EEXIST ? 0 : -1; /* another run's is about to be put there */
    if (!new->has_name)
        return 0;
    if (renameat(new->directory, new->temporary, new->directory, new->name) != 0 &&
        !(shares_name && errno == ENOENT)) /* another run has removed it, for its own */
        return -1;
    new->has_name = false;
    return 0;
}

void cache_new_finish(struct cache_new *new)
{
    if (!new->differs)
        return;
    if (new->out.length > sizeof(struct cache_block))
        block_write(new);
    block_write(new); /* without records: the end */
    if (new->failed)
        return;
    if (file_place(new) != 0)
        new_failed(new);
}

void cache_new_close(struct cache_new *new)
{
    if (new->has_name)
        (void)unlinkat(new->directory, new->temporary, 0);
    if (new->fd >= 0)
        close(new->fd);
    if (new->directory >= 0)
        close(new->directory);
    buf_free(&new->out);
    *new = (struct cache_new){.directory = -1, .fd = -1};
}
