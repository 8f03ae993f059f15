#include "cache/moved.h"

#include "array.h"

#include <stdlib.h>

/* A hash of what cache_record_is_same() compares, never 0. */
static uint64_t status_hash(const struct cache_record *record)
{
    const uint64_t words[] = {record->device,
                              record->inode,
                              record->size,
                              (uint64_t)record->mtime,
                              (uint64_t)record->ctime,
                              (uint64_t)record->mtime_ns << 32 | record->ctime_ns};
    const uint64_t hash = cache_check(0, words, sizeof words);
    return hash > 0 ? hash : 1;
}

/* The first slot from the hash's place on that is free, or has the hash. */
static struct moved_slot *slot_find(const struct moved *moved, uint64_t hash)
{
    for (uint64_t at = hash;; at++) {
        struct moved_slot *slot = &moved->slots[at & (moved->capacity - 1)];
        if (slot->hash == 0 || slot->hash == hash)
            return slot;
    }
}

/* Makes room for one more. Returns 0; -1 if memory is out. */
static int slots_grow(struct moved *moved)
{
    struct moved wider = *moved;
    if (moved->count * 2 < moved->capacity)
        return 0;
    wider.capacity = moved->capacity ? moved->capacity * 2 : 1024;
    wider.slots = calloc(wider.capacity, sizeof *wider.slots);
    if (!wider.slots)
        return -1;
    for (size_t i = 0; i < moved->capacity; i++) {
        if (moved->slots[i].hash != 0)
            *slot_find(&wider, moved->slots[i].hash) = moved->slots[i];
    }
    free(moved->slots);
    *moved = wider;
    return 0;
}

/* Adds the record at the reader's place. Returns 0; -1 if it cannot. */
static int record_add(struct moved *moved, const struct cache_record *record)
{
    const struct cache_reader *reader = &moved->reader;
    const uint64_t hash = status_hash(record);
    if (moved->count == MOVED_MAX || slots_grow(moved) != 0 ||
        array_reserve(&moved->blocks, &moved->blocks_capacity, moved->blocks_count + 1,
                      sizeof *moved->blocks) != 0)
        return -1;
    if (reader->next == 0)
        moved->blocks[moved->blocks_count++] = reader->block;
    *slot_find(moved, hash) =
        (struct moved_slot){hash, (uint32_t)moved->blocks_count - 1, (uint32_t)reader->next};
    moved->count++;
    return 0;
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
    if (!moved->made)
        table_make(moved, reader);
    if (moved->count == 0)
        return NULL;
    const struct moved_slot *slot = slot_find(moved, status_hash(wanted));
    if (slot->hash == 0)
        return NULL;
    cache_reader_go(&moved->reader, &moved->blocks[slot->block], slot->offset);
    const char *bytes = cache_reader_next(&moved->reader, found);
    return bytes && cache_record_is_same(found, wanted) ? bytes : NULL;
}

void moved_free(struct moved *moved)
{
    cache_reader_release(&moved->reader);
    free(moved->slots);
    free(moved->blocks);
    *moved = (struct moved){0};
}
