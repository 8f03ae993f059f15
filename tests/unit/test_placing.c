/*
 * Places in terms of another list of packs.
 */
#include "cache/format.h"
#include "cache/placing.h"
#include "tap.h"

/* A list of the packs whose names consist of one letter. */
static struct buf list_of(const char *letters)
{
    struct buf list = {0};
    for (; *letters; letters++)
        (void)buf_append_fill(&list, *letters, CACHE_DIGEST_BYTES);
    return list;
}

/* What becomes of the place `pack`. */
static uint32_t placed(const char *before, const char *after, uint32_t pack)
{
    struct placing placing;
    struct place place = {.pack = pack, .chunks = 7};
    struct buf old = list_of(before), new = list_of(after);
    (void)placing_make(&placing, &old, &new);
    placing_apply(&placing, &place);
    CHECK(place.chunks == 7, "the check of the chunks stays");
    placing_free(&placing);
    buf_free(&old);
    buf_free(&new);
    return place.pack;
}

int main(void)
{
    CHECK(placed("", "", PLACE_UNKNOWN) == PLACE_UNKNOWN, "an unknown place stays unknown");
    CHECK(placed("", "a", 1) == PLACE_UNKNOWN, "a number is unknown if the old list is empty");
    CHECK(placed("ab", "ab", 3) == PLACE_UNKNOWN, "a number one above the old list is unknown");
    CHECK(placed("ab", "ab", PLACE_SEVERAL - 1) == PLACE_UNKNOWN,
          "a number far above the old list is unknown");
    CHECK(placed("ab", "ab", 2) == 2, "with the same list a number stays");
    CHECK(placed("ab", "cab", 1) == 2 && placed("ab", "cab", 2) == 3,
          "a new pack before the others shifts their numbers");
    CHECK(placed("ab", "ba", 1) == 2 && placed("ab", "ba", 2) == 1,
          "numbers follow packs that have changed places");
    CHECK(placed("abc", "cdxa", 1) == 4 && placed("abc", "cdxa", 3) == 1,
          "packs that are left keep their contents, whatever comes between them");
    CHECK(placed("abc", "cdxa", 2) == PLACE_UNKNOWN, "a content whose pack is gone has no place");
    CHECK(placed("ab", "", 1) == PLACE_UNKNOWN, "a content has no place if all packs are gone");
    CHECK(placed("ab", "bca", PLACE_SEVERAL) == PLACE_SEVERAL,
          "\"in several packs\" stays if all packs are left");
    CHECK(placed("ab", "ac", PLACE_SEVERAL) == PLACE_UNKNOWN,
          "\"in several packs\" becomes unknown if a pack is gone");
    return tap_done();
}
