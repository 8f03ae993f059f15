/*
 * The digests that a run remembers.
 */
#include "content/seen.h"
#include "tap.h"

#include <stdlib.h>

static struct digest_value digest_of(unsigned char first, unsigned char last)
{
    struct digest_value digest = {.algorithm = DIGEST_SHA256, .bytes = {first}};
    digest.bytes[31] = last;
    return digest;
}

int main(void)
{
    const struct digest_value one = digest_of(1, 0), other = digest_of(2, 0),
                              same_place = digest_of(1, 9);
    struct seen *seen = seen_new();
    if (!seen)
        return 1;
    CHECK(!seen_has(seen, &one), "a new table has no digest");
    seen_add(seen, &one);
    CHECK(seen_has(seen, &one), "a digest that was added is found");
    CHECK(!seen_has(seen, &same_place), "a digest that differs in its last byte is another one");
    seen_add(seen, &other);
    CHECK(seen_has(seen, &one) && seen_has(seen, &other),
          "two digests in different places are both found");
    seen_add(seen, &same_place);
    CHECK(seen_has(seen, &same_place), "a digest is found after it has taken the place of another");
    CHECK(!seen_has(seen, &one), "a digest whose place was taken is forgotten");
    free(seen);
    return tap_done();
}
