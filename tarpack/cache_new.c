#include "cache_new.h"

#include "diag.h"
#include "staging_name.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
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
    diag_errno("%s: cannot open the directory of the cache", diag_name(new->path).text);
    return STATUS_SYSTEM;
}

enum status cache_new_open(struct cache_new *new, const char *path)
{
    unsigned char random[STAGING_RANDOM_LENGTH];
    *new = (struct cache_new){.path = path, .directory = -1, .fd = -1};
    if (directory_open(new) != STATUS_OK)
        return STATUS_SYSTEM;
    if (getrandom(random, sizeof random, 0) == (ssize_t)sizeof random) {
        staging_name_make(new->temporary, new->name, random);
        new->fd = openat(new->directory, new->temporary,
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    }
    if (new->fd >= 0)
        return STATUS_OK;
    diag_errno("%s: cannot create the cache", diag_name(path).text);
    return STATUS_SYSTEM;
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
    if (new->differs)
        return;
    const struct cache_header header = cache_header_make();
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

void cache_new_finish(struct cache_new *new)
{
    if (!new->differs)
        return;
    if (new->out.length > sizeof(struct cache_block))
        block_write(new);
    block_write(new); /* without records: the end */
    if (new->failed)
        return;
    if (renameat(new->directory, new->temporary, new->directory, new->name) != 0)
        new_failed(new);
    else
        new->temporary[0] = '\0';
}

void cache_new_close(struct cache_new *new)
{
    if (new->fd >= 0) {
        if (new->temporary[0])
            (void)unlinkat(new->directory, new->temporary, 0);
        close(new->fd);
    }
    if (new->directory >= 0)
        close(new->directory);
    buf_free(&new->out);
    *new = (struct cache_new){.directory = -1, .fd = -1};
}
