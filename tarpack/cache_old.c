#include "cache_old.h"

#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether nobody but this user and root can have written it: whoever can decides what digests are
 * believed. */
static bool is_trusted(const struct stat *status)
{
    return S_ISREG(status->st_mode) && (status->st_uid == geteuid() || status->st_uid == 0) &&
           !(status->st_mode & (S_IWGRP | S_IWOTH));
}

/* Looks at the file up to its first block. Returns NULL, or why it is not used. */
static const char *old_start(const struct cache_old *old)
{
    const struct cache_header *wanted = &old->header;
    struct cache_header header;
    struct stat status;
    if (fstat(old->fd, &status) != 0)
        return strerror(errno);
    if (!is_trusted(&status))
        return "others can write it";
    ssize_t got = stream_read(old->fd, &header, sizeof header);
    if (got < 0)
        return strerror(errno);
    if (got != (ssize_t)sizeof header)
        return "it is damaged";
    if (memcmp(header.magic, wanted->magic, sizeof header.magic) != 0)
        return "it is no cache of this version";
    if (header.order != wanted->order || header.record_size != wanted->record_size)
        return "it is of another kind of machine";
    if (header.view != wanted->view)
        return "it is of somebody who sees other attributes";
    return NULL;
}

const char *cache_old_open(struct cache_old *old, int directory, const char *name)
{
    const struct cache_header header = cache_header_make();
    const uint64_t check = cache_check(0, &header, sizeof header);
    *old = (struct cache_old){.fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK),
                              .header = header,
                              .begin = sizeof header,
                              .end = sizeof header,
                              .check = check,
                              .check_end = check};
    const char *problem = NULL;
    if (old->fd >= 0)
        problem = old_start(old);
    else if (errno != ENOENT)
        problem = strerror(errno);
    old->over = old->fd < 0 || problem;
    return problem;
}

/* Reads `length` bytes. Returns whether they are there; stores the error where that is one. */
static bool bytes_read(struct cache_old *old, void *bytes, size_t length)
{
    ssize_t got = stream_read(old->fd, bytes, length);
    if (got < 0)
        old->error = errno;
    return got == (ssize_t)length;
}

/* Reads the block at `begin`, where the file stands. Returns whether it is what was written. */
static bool block_read(struct cache_old *old)
{
    struct cache_block block;
    if (!bytes_read(old, &block, sizeof block) || block.length > CACHE_BLOCK_MAX)
        return false;
    const size_t length = (size_t)block.length;
    if (buf_reserve(&old->in, length) != 0) {
        old->error = ENOMEM;
        return false;
    }
    if (!bytes_read(old, old->in.bytes, length) ||
        cache_check(old->check, old->in.bytes, length) != block.check)
        return false;
    old->in.length = length;
    old->end = old->begin + sizeof block + length;
    old->check_end = block.check;
    return true;
}

/* Goes to the next block. Returns whether there is one. */
static bool block_next(struct cache_old *old)
{
    if (old->over)
        return false;
    old->begin = old->end;
    old->check = old->check_end;
    old->in.length = old->next = 0;
    old->damaged = !block_read(old);
    old->over = old->in.length == 0;
    return !old->over;
}

/* Whether a record begins at `bytes`, of which `left` are in the block. */
static bool is_record(const char *bytes, size_t left, struct cache_record *record)
{
    if (left < sizeof *record)
        return false;
    memcpy(record, bytes, sizeof *record);
    return record->path_length > 0 && record->path_length <= CACHE_PATH_MAX &&
           record->xattrs_length <= CACHE_XATTRS_MAX && cache_record_length(record) <= left &&
           bytes[sizeof *record + record->path_length - 1] == '\0';
}

const char *cache_old_next(struct cache_old *old, struct cache_record *record)
{
    if (old->next == old->in.length && !block_next(old))
        return NULL;
    const char *bytes = old->in.bytes + old->next;
    if (is_record(bytes, old->in.length - old->next, record))
        return bytes;
    old->damaged = old->over = true;
    old->in.length = old->next;
    return NULL;
}

void cache_old_skip(struct cache_old *old, const struct cache_record *record)
{
    old->next += cache_record_length(record);
}

void cache_old_close(struct cache_old *old)
{
    if (old->fd >= 0)
        close(old->fd);
    buf_free(&old->in);
    *old = (struct cache_old){.fd = -1};
}
