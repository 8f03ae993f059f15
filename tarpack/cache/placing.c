#include "cache/placing.h"

#include "cache/format.h"

#include <stdlib.h>
#include <string.h>

/* The number of a pack in a list, from 1; 0 if it is not there. Packs mostly keep their order, so
 * the search begins behind the one found last. */
static uint32_t number_find(const struct buf *list, const char *name, size_t last)
{
    const size_t count = list->length / CACHE_DIGEST_BYTES;
    for (size_t i = 0; i < count; i++) {
        const size_t at = (last + i) % count;
        if (memcmp(list->bytes + at * CACHE_DIGEST_BYTES, name, CACHE_DIGEST_BYTES) == 0)
            return (uint32_t)at + 1;
    }
    return 0;
}

int placing_make(struct placing *placing, const struct buf *old, const struct buf *new)
{
    const size_t count = old->length / CACHE_DIGEST_BYTES;
    *placing =
        (struct placing){.numbers = calloc(count + 1, sizeof *placing->numbers), .all = true};
    if (!placing->numbers)
        return -1;
    placing->count = count;
    uint32_t number = 0;
    for (size_t i = 0; i < count; i++) {
        placing->numbers[i] = number_find(new, old->bytes + i * CACHE_DIGEST_BYTES, number);
        if (placing->numbers[i] == 0)
            placing->all = false;
        else
            number = placing->numbers[i];
    }
    return 0;
}

void placing_apply(const struct placing *placing, struct place *place)
{
    if (place->pack == PLACE_UNKNOWN || (place->pack == PLACE_SEVERAL && placing->all))
        return;
    place->pack = place->pack != PLACE_SEVERAL && place->pack <= placing->count
                      ? placing->numbers[place->pack - 1]
                      : PLACE_UNKNOWN;
}

void placing_free(struct placing *placing)
{
    free(placing->numbers);
    *placing = (struct placing){0};
}
