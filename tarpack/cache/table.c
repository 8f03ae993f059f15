#include "cache/table.h"

#include <stdlib.h>

#define CAPACITY_MIN 256

/* The first slot from the hash's place on that is free, or has the hash. */
static struct table_slot *slot_find(struct table_slot *slots, size_t capacity, uint64_t hash)
{
    for (uint64_t at = hash;; at++) {
        struct table_slot *slot = &slots[at & (capacity - 1)];
        if (slot->hash == 0 || slot->hash == hash)
            return slot;
    }
}

/* A slot with the hash 0 is free, so another number stands for that. */
static uint64_t hash_mend(uint64_t hash)
{
    return hash > 0 ? hash : 1;
}

static int table_grow(struct table *table)
{
    const size_t capacity = table->capacity ? table->capacity * 2 : CAPACITY_MIN;
    struct table_slot *slots = calloc(capacity, sizeof *slots);
    if (!slots)
        return -1;
    for (size_t i = 0; i < table->capacity; i++) {
        if (table->slots[i].hash != 0)
            *slot_find(slots, capacity, table->slots[i].hash) = table->slots[i];
    }
    free(table->slots);
    table->slots = slots;
    table->capacity = capacity;
    return 0;
}

int table_add(struct table *table, uint64_t hash, uint64_t number)
{
    if (table->count * 2 >= table->capacity && table_grow(table) != 0)
        return -1;
    struct table_slot *slot = slot_find(table->slots, table->capacity, hash_mend(hash));
    if (slot->hash == 0)
        table->count++;
    *slot = (struct table_slot){hash_mend(hash), number};
    return 0;
}

bool table_find(const struct table *table, uint64_t hash, uint64_t *number)
{
    if (table->count == 0)
        return false;
    const struct table_slot *slot = slot_find(table->slots, table->capacity, hash_mend(hash));
    *number = slot->number;
    return slot->hash != 0;
}

void table_free(struct table *table)
{
    free(table->slots);
    *table = (struct table){0};
}
