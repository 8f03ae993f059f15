#include "cache/cache.h"

#include "cache/reader.h"
#include "cache/writer.h"
#include "diag.h"
#include "tar_path.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The resolution of the coarsest time stamps, those of FAT, in seconds. */
#define CLOCK_COARSEST 2

struct cache {
    struct timespec racy; /* files that changed at this time or later are not recorded */
    struct cache_reader old;
    struct cache_writer new;
    bool changed; /* the new file differs from the old one */
    unsigned char found[CACHE_DIGEST_BYTES];
    struct buf begun; /* the record of the current file; empty: it has none */
};

enum status cache_open(struct cache **opened, const char *path)
{
    struct cache *cache = *opened = calloc(1, sizeof *cache);
    if (!cache)
        return diag_no_memory();
    (void)clock_gettime(CLOCK_REALTIME, &cache->racy); /* cannot fail for this clock */
    cache->racy.tv_sec -= CLOCK_COARSEST;
    cache->old.fd = -1;
    enum status status = cache_writer_open(&cache->new, path);
    if (status != STATUS_OK) {
        cache_free(cache);
        *opened = NULL;
        return status;
    }
    cache_reader_open(&cache->old, cache->new.directory, cache->new.name, path);
    cache->changed = cache->old.over;
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

/* Decodes attributes. Each is the length of its value, its name with the NUL, and the value. */
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

bool cache_find(struct cache *cache, const struct walk_item *item, struct xattrs *xattrs)
{
    struct cache_record record;
    const struct cache_record wanted = record_make(item);
    const char *bytes = NULL;
    cache->begun.length = 0;
    while ((bytes = cache_reader_next(&cache->old, &record))) {
        const char *path = bytes + sizeof record;
        int order = tar_path_compare(path, item->path);
        if (order > 0)
            return false;
        if (order == 0 && is_same(&record, &wanted) &&
            xattrs_load(path + record.path_length, record.xattrs_length, xattrs)) {
            memcpy(cache->found, record.digest, sizeof cache->found);
            return true;
        }
        cache->changed = true;
        cache_reader_skip(&cache->old, &record);
        if (order == 0)
            return false;
    }
    return false;
}

void cache_keep(struct cache *cache)
{
    struct cache_record record;
    const char *bytes = cache_reader_next(&cache->old, &record);
    cache_writer_add(&cache->new, bytes, cache_record_length(&record));
    cache_reader_skip(&cache->old, &record);
}

void cache_digest(const struct cache *cache, struct digest_value *value)
{
    *value = (struct digest_value){.algorithm = DIGEST_SHA256};
    memcpy(value->bytes, cache->found, sizeof cache->found);
}

static int xattrs_store(struct buf *out, const struct xattrs *xattrs)
{
    for (size_t i = 0; i < xattrs->count; i++) {
        struct xattr xattr = xattrs_get(xattrs, i);
        uint32_t length = (uint32_t)xattr.length;
        if (buf_append(out, &length, sizeof length) != 0 ||
            buf_append(out, xattr.name, strlen(xattr.name) + 1) != 0 ||
            buf_append(out, xattr.value, xattr.length) != 0)
            return -1;
    }
    return 0;
}

static bool is_racy(const struct cache *cache, struct timespec time)
{
    const struct timespec *racy = &cache->racy;
    return time.tv_sec > racy->tv_sec ||
           (time.tv_sec == racy->tv_sec && time.tv_nsec >= racy->tv_nsec);
}

/* Builds the record of the file, without its digest. */
static int record_begin(struct buf *begun, const struct walk_item *item,
                        const struct xattrs *xattrs)
{
    struct cache_record record = record_make(item);
    size_t path = strlen(item->path) + 1;
    if (buf_append(begun, &record, sizeof record) != 0 ||
        buf_append(begun, item->path, path) != 0 || xattrs_store(begun, xattrs) != 0)
        return -1;
    size_t attributes = begun->length - sizeof record - path;
    if (path > CACHE_PATH_MAX || attributes > CACHE_XATTRS_MAX)
        return -1;
    record.path_length = (uint32_t)path;
    record.xattrs_length = (uint32_t)attributes;
    memcpy(begun->bytes, &record, sizeof record);
    return 0;
}

void cache_begin(struct cache *cache, const struct walk_item *item, const struct xattrs *xattrs)
{
    cache->begun.length = 0;
    if (is_racy(cache, item->status.st_ctim) || is_racy(cache, item->status.st_mtim) ||
        record_begin(&cache->begun, item, xattrs) != 0)
        cache->begun.length = 0; /* the next run reads it again */
}

void cache_add(struct cache *cache, const struct digest_value *value)
{
    struct buf *begun = &cache->begun;
    if (begun->length == 0)
        return;
    memcpy(begun->bytes + offsetof(struct cache_record, digest), value->bytes, CACHE_DIGEST_BYTES);
    cache->changed = true;
    cache_writer_add(&cache->new, begun->bytes, begun->length);
    begun->length = 0;
}

void cache_finish(struct cache *cache)
{
    struct cache_record record;
    /* A record that is left belongs to a file that is gone. */
    if (cache && (cache_reader_next(&cache->old, &record) || cache->old.damaged || cache->changed))
        cache_writer_finish(&cache->new);
}

void cache_free(struct cache *cache)
{
    if (!cache)
        return;
    cache_reader_close(&cache->old);
    cache_writer_close(&cache->new);
    buf_free(&cache->begun);
    free(cache);
}
