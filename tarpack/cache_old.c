#include "cache_old.h"

#include "digest.h"
#include "privilege.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct cache_header cache_header_make(void)
{
    struct cache_header header = {
        .magic = "zlsnap cache 1", .order = 0x01020304, .record_size = sizeof(struct cache_record)};
    struct stat status;
    /* The ids in ACLs are those of the user namespace. */
    if (stat("/proc/self/ns/user", &status) == 0)
        header.view = status.st_ino;
    header.view = header.view << 1 | privilege_sees_trusted();
    return header;
}

/* Whether all of the file, of `size` bytes, is what was written: its digest stands at its end. */
static bool old_is_whole(const struct cache_old *old, uint64_t size)
{
    struct digest *digest = digest_new(DIGEST_SHA256);
    struct digest_value value = {0};
    char *chunk = malloc(STREAM_CHUNK);
    bool whole = digest && chunk;
    uint64_t left = size;
    while (whole && left > 0) {
        size_t wanted = left < STREAM_CHUNK ? (size_t)left : STREAM_CHUNK;
        whole = stream_read(old->fd, chunk, wanted) == (ssize_t)wanted &&
                digest_update(digest, chunk, wanted) == 0;
        left -= wanted;
    }
    unsigned char expected[CACHE_DIGEST_BYTES];
    whole = whole && digest_final(digest, &value) == 0 &&
            stream_read(old->fd, expected, sizeof expected) == (ssize_t)sizeof expected &&
            memcmp(value.bytes, expected, sizeof expected) == 0;
    free(chunk);
    digest_free(digest);
    return whole;
}

/* Whether nobody but this user and root can have written it: whoever can decides what digests are
 * believed. */
static bool is_trusted(const struct stat *status)
{
    return S_ISREG(status->st_mode) && (status->st_uid == geteuid() || status->st_uid == 0) &&
           !(status->st_mode & (S_IWGRP | S_IWOTH));
}

/* Checks the file and goes to its first record. Returns NULL, or why it is not used. */
static const char *old_start(struct cache_old *old)
{
    const struct cache_header wanted = cache_header_make();
    struct cache_header header;
    struct stat status;
    if (fstat(old->fd, &status) != 0)
        return strerror(errno);
    if (!is_trusted(&status))
        return "others can write it";
    if (status.st_size < (off_t)(sizeof header + CACHE_DIGEST_BYTES) ||
        stream_read(old->fd, &header, sizeof header) != (ssize_t)sizeof header)
        return "it is damaged";
    if (memcmp(header.magic, wanted.magic, sizeof header.magic) != 0)
        return "it is no cache of this version";
    if (header.order != wanted.order || header.record_size != wanted.record_size)
        return "it is of another kind of machine";
    if (header.view != wanted.view)
        return "it is of somebody who sees other attributes";
    uint64_t size = (uint64_t)status.st_size - CACHE_DIGEST_BYTES;
    if (lseek(old->fd, 0, SEEK_SET) != 0 || !old_is_whole(old, size) ||
        lseek(old->fd, sizeof header, SEEK_SET) != (off_t)sizeof header)
        return "it is damaged";
    old->left = size - sizeof header;
    return NULL;
}

const char *cache_old_open(struct cache_old *old, int directory, const char *name)
{
    *old = (struct cache_old){.fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (old->fd < 0)
        return errno == ENOENT ? NULL : strerror(errno);
    const char *problem = old_start(old);
    if (problem)
        cache_old_close(old);
    return problem;
}

/* Sees to it that at least `length` bytes of the record at in_next are in memory. */
static bool old_fill(struct cache_old *old, size_t length)
{
    struct buf *in = &old->in;
    size_t have = in->length - old->next;
    if (have >= length)
        return true;
    memmove(in->bytes, in->bytes + old->next, have);
    old->next = 0;
    in->length = have;
    size_t wanted = length > STREAM_CHUNK ? length : STREAM_CHUNK;
    if (wanted - have > old->left)
        wanted = have + (size_t)old->left;
    if (wanted < length || buf_reserve(in, wanted - have) != 0)
        return false;
    ssize_t got = stream_read(old->fd, in->bytes + have, wanted - have);
    if (got < 0 || (size_t)got != wanted - have)
        return false;
    in->length = wanted;
    old->left -= (size_t)got;
    return true;
}

size_t cache_record_length(const struct cache_record *record)
{
    return sizeof *record + record->path_length + record->xattrs_length;
}

const char *cache_old_next(struct cache_old *old, struct cache_record *record)
{
    if (old->fd < 0 || (old->left == 0 && old->next == old->in.length) ||
        !old_fill(old, sizeof *record))
        return NULL;
    memcpy(record, old->in.bytes + old->next, sizeof *record);
    if (record->path_length == 0 || record->path_length > CACHE_PATH_MAX ||
        record->xattrs_length > CACHE_XATTRS_MAX || !old_fill(old, cache_record_length(record)))
        return NULL;
    const char *bytes = old->in.bytes + old->next;
    return bytes[sizeof *record + record->path_length - 1] == '\0' ? bytes : NULL;
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
