/*
 * Where contents are cut: limits, determinism, and that a change does not move later cuts.
 */
#include "content/chunker.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

#define KIB ((size_t)1024)
#define SIZE (8192 * KIB)
#define CUTS_MAX 2048

static unsigned char bytes[SIZE + KIB];

/* Bytes that look random and are the same in every run. */
static void fill(void)
{
    uint32_t state = 1;
    for (size_t i = 0; i < sizeof bytes; i++) {
        state = state * 1664525 + 1013904223;
        bytes[i] = (unsigned char)(state >> 24);
    }
}

/* Where the cuts of `size` bytes are, the last one included. At most `most` bytes are shown to the
 * chunker at a time. Returns how many there are. */
static size_t cut_all(const unsigned char *from, size_t size, size_t most, size_t *cuts)
{
    struct chunker chunker;
    size_t count = 0, at = 0;
    chunker_init(&chunker);
    chunker_begin(&chunker, size);
    while (at < size && count < CUTS_MAX) {
        size_t shown = size - at;
        if (shown > most)
            shown = most < chunker.max ? chunker.max : most;
        at += chunker_cut(&chunker, from + at, shown < size - at ? shown : size - at);
        cuts[count++] = at;
    }
    return count;
}

static void test_fixed(void)
{
    static const struct {
        uint64_t size;
        size_t length;
    } table[] = {{UINT64_C(1) << 21, 16 * KIB},          {UINT64_C(1) << 34, 16 * KIB},
                 {(UINT64_C(1) << 34) + 8192, 32 * KIB}, {UINT64_C(1) << 38, 32 * KIB},
                 {(UINT64_C(1) << 38) + 8192, 64 * KIB}, {UINT64_C(1) << 62, 1024 * KIB}};
    struct chunker chunker;
    chunker_init(&chunker);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        chunker_begin(&chunker, table[i].size);
        CHECK(chunker.max == table[i].length &&
                  chunker_cut(&chunker, bytes, SIZE) == table[i].length,
              "%llu bytes: chunks of %zu", (unsigned long long)table[i].size, table[i].length);
    }
    chunker_begin(&chunker, 16 * KIB * 65 + 8 * KIB);
    CHECK(chunker_cut(&chunker, bytes, 8 * KIB) == 8 * KIB, "the last chunk is shorter");
}

static void test_limits(void)
{
    static size_t cuts[CUTS_MAX];
    const size_t size = SIZE - 1;
    const size_t count = cut_all(bytes, size, SIZE, cuts);
    bool within = true;
    for (size_t i = 0; i + 1 < count; i++) {
        const size_t length = cuts[i] - (i > 0 ? cuts[i - 1] : 0);
        within = within && length > 16 * KIB && length <= 256 * KIB;
    }
    CHECK(cuts[count - 1] == size, "the chunks add up");
    CHECK(within, "all but the last have more than 16 and at most 256 KiB");
    CHECK(count > size / (96 * KIB) && count < size / (48 * KIB), "they have about 64 KiB: %zu",
          count);
    memset(bytes, 'x', SIZE);
    CHECK(cut_all(bytes, size, SIZE, cuts) == size / (256 * KIB) + 1 && cuts[0] == 256 * KIB,
          "equal bytes: the longest");
    fill();
}

static void test_pieces(void)
{
    static size_t cuts[CUTS_MAX], others[CUTS_MAX];
    const size_t count = cut_all(bytes, SIZE - 1, SIZE, cuts);
    for (size_t most = 256 * KIB; most <= 257 * KIB; most += 333) {
        const size_t other = cut_all(bytes, SIZE - 1, most, others);
        CHECK(other == count && memcmp(cuts, others, count * sizeof *cuts) == 0,
              "shown %zu bytes at a time: the same cuts", most);
    }
}

/* How many of the cuts, each moved by `moved`, are among the others. */
static size_t common(const size_t *cuts, size_t count, size_t moved, const size_t *others,
                     size_t other_count)
{
    size_t same = 0;
    for (size_t i = 0, j = 0; i < count; i++) {
        while (j < other_count && others[j] < cuts[i] + moved)
            j++;
        same += j < other_count && others[j] == cuts[i] + moved;
    }
    return same;
}

static void test_insert(void)
{
    static size_t cuts[CUTS_MAX], others[CUTS_MAX];
    static unsigned char changed[SIZE + KIB];
    const size_t size = SIZE - 3 * KIB, at = SIZE / 2 + 12345;
    const size_t count = cut_all(bytes, size, SIZE, cuts);
    size_t before = 0;
    while (cuts[before] < at)
        before++;
    for (size_t more = 1; more < KIB; more = more * 3 + 1) {
        memcpy(changed, bytes, at);
        memset(changed + at, 'i', more);
        memcpy(changed + at + more, bytes + at, size - at);
        const size_t other = cut_all(changed, size + more, SIZE, others);
        CHECK(common(cuts, before, 0, others, other) == before, "%zu bytes inserted: cuts before",
              more);
        CHECK(common(cuts + before, count - before, more, others, other) + 4 >= count - before,
              "%zu bytes inserted: all but a few cuts behind", more);
    }
}

int main(void)
{
    fill();
    test_fixed();
    test_limits();
    test_pieces();
    test_insert();
    return tap_done();
}
