#include "cache/moved.h"

#include "array.h"

#include <stdlib.h>

/* A hash of what cache_record_is_same() compares. */
static uint64_t status_hash(const struct cache_record *record)
{
    const uint64_t words[] = {record->device,
                              record->inode,
                              record->size,
                              (uint64_t)record->mtime,
                              (uint64_t)record->ctime,
                              (uint64_t)record->mtime_ns << 32 | record->ctime_ns};
    return cache_check(0, words, sizeof words);
}

/* Adds the record at the reader's place. Returns 0; -1 if it cannot. */
static int record_add(struct moved *moved, const struct cache_record *record)
{
    const struct cache_reader *reader = &moved->reader;
    if (moved->records.count == MOVED_MAX ||
        array_reserve(&moved->blocks, &moved->blocks_capacity, moved->blocks_count + 1,
                      sizeof *moved->blocks) != 0)
        return -1;
    if (reader->next == 0)
        moved->blocks[moved->blocks_count++] = reader->block;
    return table_add(&moved->records, status_hash(record),
                     (uint64_t)(moved->blocks_count - 1) << 32 | reader->next);
}

/* Adds all records, or as many as it can. */
static void table_make(struct moved *moved, struct cache_reader *reader)
{
    struct cache_record record;
    moved->made = true;
    cache_reader_share(&moved->reader, reader);
    while (cache_reader_next(&moved->reader, &record) && record_add(moved, &record) == 0)
        cache_reader_skip(&moved->reader, &record);
    /* One warning is enough. */
    reader->quiet = reader->quiet || moved->reader.damaged;
}

const char *moved_find(struct moved *moved, struct cache_reader *reader,
                       const struct cache_record *wanted, struct cache_record *found)
{
    uint64_t place = 0;
    if (!moved->made)
        table_make(moved, reader);
    if (!table_find(&moved->records, status_hash(wanted), &place))
        return NULL;
    cache_reader_go(&moved->reader, &moved->blocks[place >> 32], (size_t)(place & UINT32_MAX));
    const char *bytes = cache_reader_next(&moved->reader, found);
    return bytes && cache_record_is_same(found, wanted) ? bytes : NULL;
}

void moved_free(struct moved *moved)
{
    cache_reader_release(&moved->reader);
    table_free(&moved->records);
    free(moved->blocks);
    *moved = (struct moved){0};
}
