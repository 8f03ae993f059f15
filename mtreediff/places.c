#include "places.h"

#include <stdlib.h>
#include <string.h>

int places_start(struct places *places, uint64_t count)
{
    size_t buckets = 64;
    while (buckets * PLACES_EACH < PLACES_MAX && buckets * PLACES_EACH < count * 2)
        buckets *= 2;
    places->list = calloc(buckets * PLACES_EACH, sizeof *places->list);
    places->mask = buckets - 1;
    return places->list ? 0 : -1;
}

static struct place *bucket_of(const struct places *places, uint64_t hash)
{
    return places->list + (hash >> 32 & places->mask) * PLACES_EACH;
}

void places_add(struct places *places, uint64_t hash, uint64_t offset)
{
    struct place *bucket = bucket_of(places, hash);
    for (size_t i = 0; i < PLACES_EACH; i++) {
        if (bucket[i].hash == 0) {
            bucket[i] = (struct place){hash, offset};
            return;
        }
    }
}

size_t places_find(const struct places *places, uint64_t hash, uint64_t offsets[PLACES_EACH])
{
    const struct place *bucket = bucket_of(places, hash);
    size_t count = 0;
    for (size_t i = 0; i < PLACES_EACH; i++) {
        if (bucket[i].hash == hash)
            offsets[count++] = bucket[i].offset;
    }
    return count;
}

void places_free(struct places *places)
{
    free(places->list);
    *places = (struct places){0};
}

uint64_t places_hash(uint64_t seed, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    uint64_t hash = seed ^ length;
    for (; length >= 8; at += 8, length -= 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
    }
    for (; length > 0; at++, length--)
        hash = (hash ^ *at) * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 32;
    hash *= UINT64_C(0xd6e8feb86659fd93);
    hash ^= hash >> 32;
    return hash ? hash : 1;
}
