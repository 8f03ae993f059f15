/*
 * The maps of sparse files, in all formats of GNU tar.
 */
#include "tap.h"
#include "tar_sparse.h"

#include <stdlib.h>
#include <string.h>

#define MAX "9223372036854775807" /* 2^63-1 */

/* Whether the map's extents are those in `text`, "OFFSET+LENGTH OFFSET+LENGTH...". */
static bool map_is(const struct tar_sparse *map, const char *text)
{
    uint64_t stored = 0;
    for (size_t i = 0; i < map->count; i++) {
        char *end = NULL;
        if (strtoull(text, &end, 10) != map->extents[i].offset || *end != '+')
            return false;
        if (strtoull(end + 1, &end, 10) != map->extents[i].length)
            return false;
        stored += map->extents[i].length;
        text = *end == ' ' ? end + 1 : end;
    }
    return *text == '\0' && map->stored == stored;
}

static void test_add(void)
{
    struct tar_sparse map = {0};
    CHECK(tar_sparse_add(&map, 0, 0) == TAR_OK, "adds an empty extent");
    CHECK(tar_sparse_add(&map, 0, 10) == TAR_OK, "adds one at the same place");
    CHECK(tar_sparse_add(&map, 10, 5) == TAR_OK, "adds one directly after it");
    CHECK(tar_sparse_add(&map, 14, 1) == TAR_BAD_SPARSE, "refuses one that overlaps");
    CHECK(tar_sparse_add(&map, 14, 0) == TAR_BAD_SPARSE, "refuses an empty one inside another");
    CHECK(tar_sparse_add(&map, 3, 1) == TAR_BAD_SPARSE, "refuses one that descends");
    CHECK(tar_sparse_add(&map, INT64_MAX, 1) == TAR_BAD_SPARSE, "refuses one that ends at 2^63");
    CHECK(tar_sparse_add(&map, 20, INT64_MAX) == TAR_BAD_SPARSE, "refuses one that ends behind");
    CHECK(tar_sparse_add(&map, 20, UINT64_MAX) == TAR_BAD_SPARSE, "refuses one that wraps around");
    CHECK(tar_sparse_add(&map, UINT64_MAX, 1) == TAR_BAD_SPARSE, "refuses one at 2^64-1");
    CHECK(map_is(&map, "0+0 0+10 10+5"), "what is refused is not in the map");
    CHECK(tar_sparse_add(&map, INT64_MAX, 0) == TAR_OK, "adds an empty one at 2^63-1");
    tar_sparse_clear(&map);
    CHECK(map_is(&map, ""), "a cleared map is empty");
    CHECK(tar_sparse_add(&map, 0, INT64_MAX) == TAR_OK, "adds one of 2^63-1 bytes");
    tar_sparse_free(&map);
}

static void test_check(void)
{
    struct tar_sparse map = {0};
    CHECK(tar_sparse_check(&map, 0, 0) == TAR_OK, "an empty map fits an empty file");
    CHECK(tar_sparse_check(&map, 100, 0) == TAR_OK, "an empty map fits a file that is one hole");
    CHECK(tar_sparse_check(&map, 100, 1) == TAR_BAD_SPARSE,
          "an empty map does not fit a file with data");
    tar_sparse_add(&map, 10, 5);
    tar_sparse_add(&map, 20, 5);
    CHECK(tar_sparse_check(&map, 25, 10) == TAR_OK, "a map fits a file that ends with it");
    CHECK(tar_sparse_check(&map, 99, 10) == TAR_OK, "a map fits a file that ends with a hole");
    CHECK(tar_sparse_check(&map, 24, 10) == TAR_BAD_SPARSE, "a map does not fit a smaller file");
    CHECK(tar_sparse_check(&map, 25, 9) == TAR_BAD_SPARSE, "a map does not fit less data");
    CHECK(tar_sparse_check(&map, 25, 11) == TAR_BAD_SPARSE, "a map does not fit more data");
    tar_sparse_free(&map);
}

static void test_list(void)
{
    static const struct {
        const char *text;
        const char *map; /* NULL where the text is refused */
    } table[] = {
        {"", ""},
        {"0,5", "0+5"},
        {"0,5,10,5,20,0", "0+5 10+5 20+0"},
        {MAX ",0", MAX "+0"},
        {"0", NULL},
        {"0,5,", NULL},
        {"0,5,10", NULL},
        {",0,5", NULL},
        {"0,,5", NULL},
        {",", NULL},
        {"0,-5", NULL},
        {"0, 5", NULL},
        {"0;5", NULL},
        {"10,5,0,5", NULL},
        {"0,5,4,5", NULL},
        {"1," MAX, NULL},
        {"0,99999999999999999999", NULL},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct tar_sparse map = {0};
        enum tar_error error = tar_sparse_add_list(&map, table[i].text, strlen(table[i].text));
        CHECK(table[i].map ? error == TAR_OK && map_is(&map, table[i].map)
                           : error == TAR_BAD_SPARSE,
              "list '%s' is %s", table[i].text, table[i].map ? "read" : "refused");
        tar_sparse_free(&map);
    }
}

static void test_gnu(void)
{
    static const struct {
        const char *what;
        const char *fields[4]; /* of 12 bytes each, filled with NULs */
        const char *map;       /* NULL where they are refused */
    } table[] = {
        {"no pair", {"", "", "", ""}, ""},
        {"one pair", {"00000000000", "00000000010", "", ""}, "0+8"},
        {"two pairs", {"00000000000", "00000000010", "00000001000", "00000000001"}, "0+8 512+1"},
        {"fields without a NUL", {"000000000000", "000000000010", "", ""}, "0+8"},
        {"an empty pair before another", {"", "", "00000000000", "00000000010"}, ""},
        {"an offset that is no number", {"junk", "00000000010", "", ""}, NULL},
        {"a length that is no number", {"00000000000", "junk", "", ""}, NULL},
        {"a negative offset",
         {"\377\377\377\377\377\377\377\377\377\377\377\377", "00000000010", "", ""},
         NULL},
        {"a negative length",
         {"00000000000", "\377\377\377\377\377\377\377\377\377\377\377\377", "", ""},
         NULL},
        {"pairs that descend", {"00000001000", "00000000010", "00000000000", "00000000010"}, NULL},
        /* GNU tar ends the map where the length is empty, libarchive where the offset is. */
        {"an offset without a length", {"00000001000", "", "", ""}, NULL},
        {"a length without an offset", {"", "00000000010", "", ""}, NULL},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct tar_sparse map = {0};
        char fields[48] = {0};
        for (size_t j = 0; j < 4; j++)
            memcpy(fields + 12 * j, table[i].fields[j], strlen(table[i].fields[j]));
        enum tar_error error = tar_sparse_add_gnu(&map, fields, 2);
        CHECK(table[i].map ? error == TAR_OK && map_is(&map, table[i].map)
                           : error == TAR_BAD_SPARSE,
              "GNU: %s", table[i].what);
        tar_sparse_free(&map);
    }
    static const char large[] = "\200\0\0\0\0\0\0\2\0\0\0\0\200\0\0\0\0\0\0\0\0\0\0\7";
    struct tar_sparse map = {0};
    CHECK(tar_sparse_add_gnu(&map, large, 1) == TAR_OK && map_is(&map, "8589934592+7"),
          "GNU: a number in base-256 is read");
    tar_sparse_free(&map);
}

/* Passes the text to the decoder in pieces of `step` bytes. */
static enum tar_error text_add(struct tar_sparse *map, struct tar_sparse_text *state,
                               const char *text, size_t step)
{
    size_t length = strlen(text);
    for (size_t at = 0; at < length; at += step) {
        size_t piece = length - at < step ? length - at : step;
        enum tar_error error = tar_sparse_add_text(map, state, text + at, piece);
        if (error != TAR_OK)
            return error;
    }
    return TAR_OK;
}

static void test_text(void)
{
    static const struct {
        const char *what;
        const char *text;
        bool done;
        const char *map; /* NULL where it is refused */
    } table[] = {
        {"no extent", "0\n", true, ""},
        {"one extent", "1\n0\n5\n", true, "0+5"},
        {"two extents", "2\n0\n5\n10\n5\n", true, "0+5 10+5"},
        {"what stands behind the map does not count", "1\n0\n5\njunk", true, "0+5"},
        {"nothing yet", "", false, ""},
        {"a count without its newline", "1", false, ""},
        {"an extent that is not all there", "2\n0\n5\n10\n", false, "0+5"},
        {"more extents than there can be", "9223372036854775807\n0\n5\n", false, "0+5"},
        {"a count that wraps around", "9223372036854775808\n0\n5\n", false, NULL},
        {"a count of 30 digits", "100000000000000000000000000000\n", false, NULL},
        {"an empty count", "\n", false, NULL},
        {"an empty number", "1\n\n5\n", false, NULL},
        {"a minus", "1\n-1\n5\n", false, NULL},
        {"a space", "1\n0 \n5\n", false, NULL},
        {"a carriage return", "1\r\n0\r\n5\r\n", false, NULL},
        {"extents that overlap", "2\n0\n5\n4\n5\n", false, NULL},
        {"an extent that ends behind 2^63", "1\n1\n" MAX "\n", false, NULL},
    };
    static const size_t steps[] = {512, 1, 3};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        for (size_t j = 0; j < sizeof steps / sizeof steps[0]; j++) {
            struct tar_sparse map = {0};
            struct tar_sparse_text state = {0};
            enum tar_error error = text_add(&map, &state, table[i].text, steps[j]);
            CHECK(table[i].map
                      ? error == TAR_OK && map_is(&map, table[i].map) && state.done == table[i].done
                      : error == TAR_BAD_SPARSE,
                  "text by %zu bytes: %s", steps[j], table[i].what);
            tar_sparse_free(&map);
        }
    }
    struct tar_sparse map = {0};
    struct tar_sparse_text state = {0};
    CHECK(tar_sparse_add_text(&map, &state, "1\n\0\n5\n", 7) == TAR_BAD_SPARSE,
          "text: a NUL is refused");
    tar_sparse_free(&map);
}

int main(void)
{
    test_add();
    test_check();
    test_list();
    test_gnu();
    test_text();
    return tap_done();
}
