#include "content/seen.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SEEN_BYTES 32
#define SEEN_PLACES ((size_t)1 << 18)

struct seen {
    unsigned char digests[SEEN_PLACES][SEEN_BYTES]; /* all zero: free */
};

struct seen *seen_new(void)
{
    return calloc(1, sizeof(struct seen));
}

/* Digests are evenly distributed, so any of their bits make a place. */
static size_t place_of(const struct digest_value *digest)
{
    uint32_t bits;
    memcpy(&bits, digest->bytes, sizeof bits);
    return bits & (SEEN_PLACES - 1);
}

bool seen_has(const struct seen *seen, const struct digest_value *digest)
{
    return memcmp(seen->digests[place_of(digest)], digest->bytes, SEEN_BYTES) == 0;
}

void seen_add(struct seen *seen, const struct digest_value *digest)
{
    memcpy(seen->digests[place_of(digest)], digest->bytes, SEEN_BYTES);
}
