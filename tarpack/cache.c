#include "cache.h"

#include "diag.h"
#include "staging_name.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* The coarsest clocks of file systems: FAT counts two seconds. */
#define CLOCK_COARSEST 2

static void new_failed(struct cache *cache)
{
    if (!cache->failed)
        diag_warn("%s: the cache can't be written: %s", diag_name(cache->path).text,
                  strerror(errno));
    cache->failed = true;
    cache->out.length = cache->pending = 0;
}

static void new_flush(struct cache *cache)
{
    if (cache->failed)
        return;
    if (digest_update(cache->digest, cache->out.bytes, cache->out.length) != 0 ||
        stream_write(cache->new, cache->out.bytes, cache->out.length) != 0)
        new_failed(cache);
    cache->out.length = 0;
}

static void new_append(struct cache *cache, const void *bytes, size_t length)
{
    if (cache->failed || buf_append(&cache->out, bytes, length) == 0)
        return;
    errno = ENOMEM;
    new_failed(cache);
}

/* Forgets the record that was begun and not added. */
static void pending_drop(struct cache *cache)
{
    if (cache->pending < cache->out.length)
        cache->out.length = cache->pending;
}

static enum status new_open(struct cache *cache)
{
    const struct cache_header header = cache_header_make();
    unsigned char random[STAGING_RANDOM_LENGTH];
    cache->digest = digest_new(DIGEST_SHA256);
    if (!cache->digest || getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
        diag_error("%s: cannot start a cache", diag_name(cache->path).text);
        return STATUS_SYSTEM;
    }
    staging_name_make(cache->temporary, cache->name, random);
    cache->new = openat(cache->directory, cache->temporary,
                        O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (cache->new < 0) {
        diag_errno("%s: cannot create the cache", diag_name(cache->path).text);
        return STATUS_SYSTEM;
    }
    new_append(cache, &header, sizeof header);
    cache->pending = cache->out.length;
    return STATUS_OK;
}

/* Opens the directory that holds the file. */
static enum status directory_open(struct cache *cache)
{
    const char *slash = strrchr(cache->path, '/');
    const char *name = slash ? slash + 1 : cache->path;
    if (*name == '\0' || strlen(name) > NAME_MAX) {
        diag_error("%s: is no name of a file", diag_name(cache->path).text);
        return STATUS_SYSTEM;
    }
    memcpy(cache->name, name, strlen(name) + 1);
    char *above = slash ? strndup(cache->path, (size_t)(slash - cache->path) + 1) : strdup(".");
    if (above)
        cache->directory = open(above, O_PATH | O_DIRECTORY | O_CLOEXEC);
    free(above);
    if (cache->directory >= 0)
        return STATUS_OK;
    diag_errno("%s: cannot open the directory of the cache", diag_name(cache->path).text);
    return STATUS_SYSTEM;
}

enum status cache_open(struct cache *cache, const char *path)
{
    *cache =
        (struct cache){.open = true, .path = path, .directory = -1, .new = -1, .old = {.fd = -1}};
    (void)clock_gettime(CLOCK_REALTIME, &cache->racy); /* fails only for a clock that is none */
    cache->racy.tv_sec -= CLOCK_COARSEST;
    enum status status = directory_open(cache);
    if (status == STATUS_OK)
        status = new_open(cache);
    if (status != STATUS_OK)
        return status;
    const char *problem = cache_old_open(&cache->old, cache->directory, cache->name);
    if (problem)
        diag_warn("%s: the cache is not used: %s", diag_name(path).text, problem);
    return STATUS_OK;
}

static struct cache_record record_make(const struct walk_item *item)
{
    const struct stat *status = &item->status;
    return (struct cache_record){.device = status->st_dev,
                                 .inode = status->st_ino,
                                 .size = (uint64_t)status->st_size,
                                 .mtime = status->st_mtim.tv_sec,
                                 .ctime = status->st_ctim.tv_sec,
                                 .mtime_ns = (uint32_t)status->st_mtim.tv_nsec,
                                 .ctime_ns = (uint32_t)status->st_ctim.tv_nsec};
}

static bool is_same(const struct cache_record *a, const struct cache_record *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->mtime == b->mtime && a->ctime == b->ctime && a->mtime_ns == b->mtime_ns &&
           a->ctime_ns == b->ctime_ns;
}

/* Reads the attributes, for each: the length of its value, its name with the NUL, the value. */
static bool xattrs_load(const char *text, size_t length, struct xattrs *xattrs)
{
    const char *end = text + length;
    xattrs_clear(xattrs);
    while (text < end) {
        uint32_t value;
        if ((size_t)(end - text) < sizeof value)
            return false;
        memcpy(&value, text, sizeof value);
        const char *name = text + sizeof value;
        size_t name_length = strnlen(name, (size_t)(end - name));
        if (name + name_length == end || (size_t)(end - name) - name_length - 1 < value)
            return false;
        text = name + name_length + 1;
        if (xattrs_add(xattrs, name, name_length, text, value) != 0)
            return false;
        text += value;
    }
    return true;
}

static unsigned rank(char byte)
{
    return byte == '\0' ? 0 : byte == '/' ? 1 : (unsigned char)byte + 1U;
}

/* Compares as the walk orders: what is below a directory comes before a name that begins like it.
 */
static int path_compare(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return (rank(*a) > rank(*b)) - (rank(*a) < rank(*b));
}

bool cache_find(struct cache *cache, const struct walk_item *item, struct xattrs *xattrs)
{
    struct cache_record record;
    const struct cache_record wanted = record_make(item);
    pending_drop(cache);
    const char *bytes = NULL;
    while ((bytes = cache_old_next(&cache->old, &record))) {
        const char *path = bytes + sizeof record;
        int order = path_compare(path, item->path);
        if (order > 0)
            return false;
        cache_old_skip(&cache->old, &record);
        if (order < 0)
            continue;
        if (!is_same(&record, &wanted) ||
            !xattrs_load(path + record.path_length, record.xattrs_length, xattrs))
            return false;
        memcpy(cache->found, record.digest, sizeof cache->found);
        cache->pending = cache->out.length;
        new_append(cache, bytes, cache_record_length(&record));
        return true;
    }
    return false;
}

void cache_digest(const struct cache *cache, struct digest_value *value)
{
    *value = (struct digest_value){.algorithm = DIGEST_SHA256};
    memcpy(value->bytes, cache->found, sizeof cache->found);
}

static void xattrs_store(struct cache *cache, const struct xattrs *xattrs)
{
    for (size_t i = 0; i < xattrs->count; i++) {
        struct xattr xattr = xattrs_get(xattrs, i);
        uint32_t length = (uint32_t)xattr.length;
        new_append(cache, &length, sizeof length);
        new_append(cache, xattr.name, strlen(xattr.name) + 1);
        new_append(cache, xattr.value, xattr.length);
    }
}

static size_t xattrs_length(const struct xattrs *xattrs)
{
    size_t length = 0;
    for (size_t i = 0; i < xattrs->count; i++) {
        struct xattr xattr = xattrs_get(xattrs, i);
        length += sizeof(uint32_t) + strlen(xattr.name) + 1 + xattr.length;
    }
    return length;
}

static bool is_racy(const struct cache *cache, struct timespec time)
{
    const struct timespec *racy = &cache->racy;
    return time.tv_sec > racy->tv_sec ||
           (time.tv_sec == racy->tv_sec && time.tv_nsec >= racy->tv_nsec);
}

void cache_begin(struct cache *cache, const struct walk_item *item, const struct xattrs *xattrs)
{
    struct cache_record record = record_make(item);
    size_t path = strlen(item->path) + 1, attributes = xattrs_length(xattrs);
    pending_drop(cache);
    cache->pending = cache->out.length;
    if (is_racy(cache, item->status.st_ctim) || is_racy(cache, item->status.st_mtim) ||
        path > CACHE_PATH_MAX || attributes > CACHE_XATTRS_MAX)
        return;
    record.path_length = (uint32_t)path;
    record.xattrs_length = (uint32_t)attributes;
    new_append(cache, &record, sizeof record);
    new_append(cache, item->path, path);
    xattrs_store(cache, xattrs);
}

void cache_add(struct cache *cache, const struct digest_value *value)
{
    if (cache->pending == cache->out.length)
        return;
    char *record = cache->out.bytes + cache->pending;
    memcpy(record + offsetof(struct cache_record, digest), value->bytes, CACHE_DIGEST_BYTES);
    if (cache->out.length >= STREAM_CHUNK)
        new_flush(cache);
    cache->pending = cache->out.length;
}

void cache_finish(struct cache *cache)
{
    struct digest_value value;
    if (!cache->open)
        return;
    pending_drop(cache);
    new_flush(cache);
    if (cache->failed)
        return;
    if (digest_final(cache->digest, &value) != 0 ||
        stream_write(cache->new, value.bytes, CACHE_DIGEST_BYTES) != 0 ||
        renameat(cache->directory, cache->temporary, cache->directory, cache->name) != 0)
        new_failed(cache);
    else
        cache->temporary[0] = '\0';
}

void cache_free(struct cache *cache)
{
    if (!cache->open)
        return;
    cache_old_close(&cache->old);
    if (cache->new >= 0) {
        if (cache->temporary[0])
            (void)unlinkat(cache->directory, cache->temporary, 0);
        close(cache->new);
    }
    if (cache->directory >= 0)
        close(cache->directory);
    digest_free(cache->digest);
    buf_free(&cache->out);
    *cache = (struct cache){0};
}
