#include "cache/cache.h"

#include "cache/moved.h"
#include "cache/placing.h"
#include "cache/reader.h"
#include "cache/writer.h"
#include "diag.h"
#include "tar_path.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The resolution of the coarsest time stamps, those of FAT, in seconds. */
#define CLOCK_COARSEST 2

struct cache {
    struct timespec racy; /* files that changed at this time or later are not recorded */
    struct cache_reader old;
    struct cache_writer new;
    bool changed; /* the new file differs from the old one; before that nothing is written */
    struct placing placing;
    struct cache_record found; /* by cache_find() */
    struct moved moved;
    struct cache_record begun; /* of the current file; path_length 0: it has none */
    struct buf rest;           /* its path and attributes */
};

/* Appends the names of the packs. Returns 0; -1 if memory is out. */
static int packs_list(const struct packs *packs, struct buf *list)
{
    for (size_t i = 0; i < packs->count; i++) {
        struct digest_value name;
        if (digest_parse(packs->list[i].name, &name) != NULL ||
            buf_append(list, name.bytes, CACHE_DIGEST_BYTES) != 0)
            return -1;
    }
    return 0;
}

static bool is_equal(const struct buf *a, const struct buf *b)
{
    return a->length == b->length && (a->length == 0 || memcmp(a->bytes, b->bytes, a->length) == 0);
}

/* Decides the list of packs that places refer to. Without `known` it is the old one. */
static enum status list_settle(struct cache *cache, const struct packs *known)
{
    struct buf list = {0};
    const struct buf *old = &cache->old.packs, *new = known ? &list : old;
    int result = known ? packs_list(known, &list) : 0;
    if (result == 0)
        result = placing_make(&cache->placing, old, new);
    if (result == 0 && (cache->old.over || !is_equal(new, old))) {
        cache->changed = true;
        cache_writer_packs(&cache->new, new->bytes, new->length);
    }
    buf_free(&list);
    return result == 0 ? STATUS_OK : diag_no_memory();
}

bool cache_is_warm(const struct cache *cache)
{
    return cache->old.first.at > 0;
}

/* To be called before the new file differs from the old one. */
static void change(struct cache *cache)
{
    if (!cache->changed)
        cache_writer_continue(&cache->new, &cache->old);
    cache->changed = true;
}

enum status cache_open(struct cache **opened, const char *path, const struct packs *known)
{
    struct cache *cache = *opened = calloc(1, sizeof *cache);
    if (!cache)
        return diag_no_memory();
    (void)clock_gettime(CLOCK_REALTIME, &cache->racy); /* cannot fail for this clock */
    cache->racy.tv_sec -= CLOCK_COARSEST;
    cache->old.fd = -1;
    enum status status = cache_writer_open(&cache->new, path);
    if (status == STATUS_OK) {
        cache_reader_open(&cache->old, cache->new.directory, cache->new.name, path);
        status = list_settle(cache, known);
    }
    if (status != STATUS_OK) {
        cache_free(cache);
        *opened = NULL;
    }
    return status;
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

/* Searches the record of the file among those that come next. Whether it is unchanged. */
static bool path_find(struct cache *cache, const char *path, const struct cache_record *wanted,
                      struct xattrs *xattrs)
{
    struct cache_record record;
    const char *bytes = NULL;
    while ((bytes = cache_reader_next(&cache->old, &record))) {
        const char *old = bytes + sizeof record;
        int order = tar_path_compare(old, path);
        if (order > 0)
            return false;
        if (order == 0 && cache_record_is_same(&record, wanted) &&
            xattrs_load(old + record.path_length, record.xattrs_length, xattrs)) {
            cache->found = record;
            return true;
        }
        change(cache);
        cache_reader_skip(&cache->old, &record);
        if (order == 0)
            return false;
    }
    return false;
}

/* Searches the record of the file under any path, and begins one with the new path. */
static bool inode_find(struct cache *cache, const char *path, const struct cache_record *wanted,
                       struct xattrs *xattrs)
{
    const size_t length = strlen(path) + 1;
    struct buf *rest = &cache->rest;
    /* If it changed after the cache was written, no record has its ctime. */
    if (!cache_is_warm(cache) || wanted->ctime > cache->old.written.tv_sec ||
        length > CACHE_PATH_MAX)
        return false;
    const char *bytes = moved_find(&cache->moved, &cache->old, wanted, &cache->found);
    const char *attributes = bytes ? bytes + sizeof cache->found + cache->found.path_length : NULL;
    rest->length = 0;
    if (!bytes || !xattrs_load(attributes, cache->found.xattrs_length, xattrs) ||
        buf_append(rest, path, length) != 0 ||
        buf_append(rest, attributes, cache->found.xattrs_length) != 0)
        return false;
    cache->begun = cache->found;
    cache->begun.path_length = (uint32_t)length;
    return true;
}

bool cache_find(struct cache *cache, const struct walk_item *item, struct xattrs *xattrs)
{
    const struct cache_record wanted = record_make(item);
    cache->begun.path_length = 0;
    return path_find(cache, item->path, &wanted, xattrs) ||
           inode_find(cache, item->path, &wanted, xattrs);
}

void cache_get(const struct cache *cache, struct digest_value *value, struct place *place)
{
    *value = (struct digest_value){.algorithm = DIGEST_SHA256};
    memcpy(value->bytes, cache->found.digest, CACHE_DIGEST_BYTES);
    *place = (struct place){.pack = cache->found.pack, .chunks = cache->found.chunks};
    placing_apply(&cache->placing, place);
}

void cache_keep(struct cache *cache, const struct place *place)
{
    struct cache_record record;
    if (cache->begun.path_length > 0) {
        struct digest_value value = {0};
        memcpy(value.bytes, cache->found.digest, CACHE_DIGEST_BYTES);
        cache_add(cache, &value, place);
        return;
    }
    const char *bytes = cache_reader_next(&cache->old, &record);
    if (record.pack != place->pack || record.chunks != place->chunks)
        change(cache);
    record.pack = place->pack;
    record.chunks = place->chunks;
    if (cache->changed)
        cache_writer_add(&cache->new, &record, bytes + sizeof record);
    cache_reader_skip(&cache->old, &record);
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

/* Builds the record of the file, without its digest and place. Returns 0; -1 if it gets none. */
static int record_begin(struct cache *cache, const struct walk_item *item,
                        const struct xattrs *xattrs)
{
    struct buf *rest = &cache->rest;
    const size_t path = strlen(item->path) + 1;
    rest->length = 0;
    if (buf_append(rest, item->path, path) != 0 || xattrs_store(rest, xattrs) != 0 ||
        path > CACHE_PATH_MAX || rest->length - path > CACHE_XATTRS_MAX)
        return -1;
    cache->begun = record_make(item);
    cache->begun.path_length = (uint32_t)path;
    cache->begun.xattrs_length = (uint32_t)(rest->length - path);
    return 0;
}

void cache_begin(struct cache *cache, const struct walk_item *item, const struct xattrs *xattrs)
{
    cache->begun.path_length = 0;
    if (!is_racy(cache, item->status.st_ctim) && !is_racy(cache, item->status.st_mtim))
        (void)record_begin(cache, item, xattrs); /* or the next run reads it again */
}

/* There is no record. */
#define NOWHERE SIZE_MAX

static void record_complete(struct cache_record *record, const struct digest_value *value,
                            const struct place *place)
{
    memcpy(record->digest, value->bytes, CACHE_DIGEST_BYTES);
    record->chunks = place->chunks;
    record->pack = place->pack;
}

size_t cache_add_late(struct cache *cache)
{
    static const struct digest_value value;
    static const struct place place;
    if (cache->begun.path_length == 0)
        return NOWHERE;
    change(cache);
    const size_t at = cache->new.out.length;
    cache->new.held = true;
    cache_add(cache, &value, &place);
    return cache->new.out.length > at ? at : NOWHERE;
}

void cache_fill(struct cache *cache, size_t record, const struct digest_value *value,
                const struct place *place)
{
    struct cache_record filled;
    if (record == NOWHERE)
        return;
    char *bytes = cache->new.out.bytes + record;
    memcpy(&filled, bytes, sizeof filled);
    record_complete(&filled, value, place);
    memcpy(bytes, &filled, sizeof filled);
}

bool cache_is_full(const struct cache *cache)
{
    return cache_writer_is_full(&cache->new);
}

void cache_release(struct cache *cache)
{
    cache_writer_release(&cache->new);
}

void cache_add(struct cache *cache, const struct digest_value *value, const struct place *place)
{
    struct cache_record *record = &cache->begun;
    if (record->path_length == 0)
        return;
    record_complete(record, value, place);
    change(cache);
    cache_writer_add(&cache->new, record, cache->rest.bytes);
    record->path_length = 0;
}

void cache_finish(struct cache *cache)
{
    struct cache_record record;
    if (!cache)
        return;
    /* A record that is left belongs to a file that is gone. */
    if (cache_reader_next(&cache->old, &record) || cache->old.damaged)
        change(cache);
    if (cache->changed)
        cache_writer_finish(&cache->new);
}

void cache_free(struct cache *cache)
{
    if (!cache)
        return;
    moved_free(&cache->moved);
    cache_reader_close(&cache->old);
    cache_writer_close(&cache->new);
    placing_free(&cache->placing);
    buf_free(&cache->rest);
    free(cache);
}
