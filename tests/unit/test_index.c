/*
 * Indexes: their bytes, searches in large and skewed ones, and indexes that lie.
 */
#include "index.h"
#include "tap.h"

#include <stdint.h>
#include <stdlib.h>

#define PACK "00000000000000000000000000000000000000000000000000000000000000aa"

enum { COUNT = 20000 };

static struct index_entry entries[COUNT];

/* A digest that nothing else has; its bytes look random. */
static void digest_fill(unsigned char *digest, uint64_t seed)
{
    for (size_t i = 0; i < INDEX_DIGEST; i += 8) {
        seed += UINT64_C(0x9e3779b97f4a7c15);
        uint64_t mixed = (seed ^ seed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
        memcpy(digest + i, &mixed, 8);
    }
}

static struct digest_value value_of(const unsigned char *digest)
{
    struct digest_value value = {.algorithm = DIGEST_SHA256};
    memcpy(value.bytes, digest, INDEX_DIGEST);
    return value;
}

static enum index_result find(const struct index *index, const unsigned char *digest,
                              struct index_entry *entry)
{
    const struct digest_value value = value_of(digest);
    const struct index_key key = index_key(&value);
    return index_find(index, &key, entry);
}

/* Encodes `count` entries with digests by `fill`. */
static void index_make(struct buf *out, size_t count, void (*fill)(unsigned char *, uint64_t))
{
    for (size_t i = 0; i < count; i++) {
        fill(entries[i].digest, i * 16);
        entries[i].offset = i * 10;
        entries[i].length = 10;
    }
    index_sort(entries, count);
    out->length = 0;
    (void)index_append_header(out, PACK, count * 10);
    for (size_t i = 0; i < count; i++)
        (void)index_append(out, &entries[i]);
}

static void test_bytes(void)
{
    static const char expected[] =
        "#index " PACK " 00000001048586\n"
        "ff00000000000000000000000000000000000000000000000000000000000000 0000000000010 1048576\n";
    const struct index_entry entry = {.digest = {0xff}, .offset = 10, .length = 1048576};
    struct index_entry got;
    struct index index;
    struct buf out = {0};
    (void)index_append_header(&out, PACK, 1048586);
    (void)index_append(&out, &entry);
    CHECK(out.length == sizeof expected - 1 && memcmp(out.bytes, expected, out.length) == 0,
          "an index has lines of 87 bytes");
    CHECK(index_parse(&index, out.bytes, out.length) == PACK_OK && index.count == 1 &&
              index.size == 1048586 && memcmp(index.pack, PACK, PACK_DIGITS) == 0,
          "the header that was written is parsed");
    CHECK(index_get(&index, 0, &got) == PACK_OK && got.offset == 10 && got.length == 1048576 &&
              memcmp(got.digest, entry.digest, INDEX_DIGEST) == 0,
          "the line that was written is parsed");
    buf_free(&out);
}

/* Digests that have the same first half, except for a few. */
static void skewed_fill(unsigned char *digest, uint64_t seed)
{
    digest_fill(digest, seed);
    if (seed % 1600 != 0)
        memset(digest, 0x77, 16);
}

/* Digests that double, which interpolation alone would take long for. */
static void doubling_fill(unsigned char *digest, uint64_t seed)
{
    memset(digest, 0, INDEX_DIGEST);
    digest[INDEX_DIGEST - 1 - seed / 16 / 8] = (unsigned char)(1U << seed / 16 % 8);
}

static void test_find(const char *name, size_t count, void (*fill)(unsigned char *, uint64_t))
{
    struct buf out = {0};
    struct index index;
    struct index_entry entry;
    bool found = true, absent = true;
    index_make(&out, count, fill);
    CHECK(index_parse(&index, out.bytes, out.length) == PACK_OK && index.count == count,
          "%s: parsed", name);
    for (size_t i = 0; i < count; i++) {
        unsigned char near[INDEX_DIGEST];
        memcpy(near, entries[i].digest, INDEX_DIGEST);
        found = found && find(&index, near, &entry) == INDEX_FOUND &&
                entry.offset == entries[i].offset && entry.length == 10 && entry.line == i;
        near[INDEX_DIGEST - 1] ^= 1;
        if (count < 1000 && near[INDEX_DIGEST - 1] < 2)
            continue; /* may be another's */
        absent = absent && find(&index, near, &entry) == INDEX_ABSENT;
    }
    CHECK(found, "%s: each content is found", name);
    CHECK(absent, "%s: a digest next to it is not", name);
    unsigned char edge[INDEX_DIGEST] = {0};
    CHECK(find(&index, edge, &entry) == INDEX_ABSENT, "%s: the least digest is absent", name);
    memset(edge, 0xff, INDEX_DIGEST);
    CHECK(find(&index, edge, &entry) == INDEX_ABSENT, "%s: the greatest digest is absent", name);
    buf_free(&out);
}

static void test_header(void)
{
    static const char *const headers[] = {
        "#Index " PACK " 00000000000010\n", "#index " PACK " 0000000000001x\n",
        "#index " PACK " 00000000000010 ",  "#index " PACK "_00000000000010\n",
        "#index " PACK " 10000000000000\n", "#index A" PACK "0000000000010\n",
    };
    struct index index;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        CHECK(index_parse(&index, headers[i], INDEX_LINE) == PACK_BAD_INDEX, "'%s' is refused",
              headers[i]);
    CHECK(index_parse(&index, headers[0], INDEX_LINE - 1) == PACK_BAD_INDEX &&
              index_parse(&index, "", 0) == PACK_BAD_INDEX,
          "less than a line is refused");
}

static void test_lies(void)
{
    static const struct {
        const char *name;
        size_t at;
        char byte;
    } lies[] = {
        {"an upper-case digit", 3, 'A'},
        {"a NUL in the digest", 60, 0},
        {"no space", 64, '_'},
        {"an offset with a letter", 70, 'a'},
        {"no second space", 78, '0'},
        {"a length with a sign", 79, '-'},
        {"no newline", 86, ' '},
        {"an offset behind the end", 65, '9'},
        {"a length behind the end", 83, '1'},
    };
    struct buf out = {0};
    struct index index;
    struct index_entry entry;
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        index_make(&out, 1, digest_fill);
        out.bytes[INDEX_LINE + lies[i].at] = lies[i].byte;
        (void)index_parse(&index, out.bytes, out.length);
        const enum index_result result = find(&index, entries[0].digest, &entry);
        /* A changed digest can also be another content. */
        CHECK(result == INDEX_MALFORMED || (lies[i].at < 64 && result == INDEX_ABSENT),
              "%s: not found", lies[i].name);
        CHECK(index_get(&index, 0, &entry) == PACK_BAD_INDEX, "%s: malformed", lies[i].name);
    }
    buf_free(&out);
}

static void test_order(void)
{
    struct buf out = {0};
    struct index index;
    struct index_entry entry;
    size_t malformed = 0;
    index_make(&out, 1000, digest_fill);
    (void)index_parse(&index, out.bytes, out.length);
    char *lines = out.bytes + INDEX_LINE;
    for (size_t i = 0; i < 500; i++) { /* reverses the order */
        char line[INDEX_LINE];
        char *one = lines + i * INDEX_LINE, *other = lines + (999 - i) * INDEX_LINE;
        memcpy(line, one, INDEX_LINE);
        memcpy(one, other, INDEX_LINE);
        memcpy(other, line, INDEX_LINE);
    }
    for (size_t i = 0; i < 1000; i++)
        malformed += find(&index, entries[i].digest, &entry) == INDEX_MALFORMED;
    CHECK(malformed > 500, "an index in the wrong order is noticed");
    for (size_t i = 0; i < 1000; i++)
        memcpy(lines + i * INDEX_LINE, lines, INDEX_LINE);
    CHECK(find(&index, entries[500].digest, &entry) == INDEX_MALFORMED,
          "an index of equal lines is malformed");
    buf_free(&out);
}

int main(void)
{
    test_bytes();
    test_find("no content", 0, digest_fill);
    test_find("one content", 1, digest_fill);
    test_find("many contents", COUNT, digest_fill);
    test_find("skewed digests", COUNT, skewed_fill);
    test_find("doubling digests", 250, doubling_fill);
    test_header();
    test_lies();
    test_order();
    return tap_done();
}
