/*
 * Lines of a chunk map.
 */
#include "chunk_map.h"
#include "pack.h"
#include "tap.h"

#include <string.h>

#define HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void test_valid(void)
{
    static const struct {
        const char *line;
        uint32_t length;
        uint64_t count;
    } table[] = {
        {HEX " 1", 1, 1},
        {HEX " 1048576", 1048576, 1},
        {HEX " 16384 2", 16384, 2},
        {HEX " 16384 18446744073709551615", 16384, UINT64_MAX},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct chunk_run run = {0};
        struct buf out = {0};
        const size_t length = strlen(table[i].line);
        CHECK(chunk_map_parse(table[i].line, length, &run) && run.length == table[i].length &&
                  run.count == table[i].count,
              "%s is parsed", table[i].line);
        CHECK(chunk_map_append(&out, &run) == 0 && out.length == length + 1 &&
                  memcmp(out.bytes, table[i].line, length) == 0 && out.bytes[length] == '\n',
              "%s is what it is written as", table[i].line);
        buf_free(&out);
    }
}

static void test_malformed(void)
{
    static const char *const lines[] = {
        "",
        HEX,
        HEX " ",
        HEX "\t1",
        HEX " 0",
        HEX " 01",
        HEX " -1",
        HEX " +1",
        HEX "  1",
        HEX " 1 ",
        HEX " 1048577",
        HEX " 99999999999999999999999",
        HEX " 1 0",
        HEX " 1 1",
        HEX " 1 02",
        HEX " 1  2",
        HEX " 1 2 ",
        HEX " 1 2 3",
        HEX " 1 18446744073709551616",
        HEX " 1 x",
        HEX "0 1",
        "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855 1",
        "g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 1",
        "sha256:" HEX " 1",
        "./path size=1048577",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct chunk_run run;
        CHECK(!chunk_map_parse(lines[i], strlen(lines[i]), &run), "'%s' is malformed", lines[i]);
    }
    char line[] = HEX " 1";
    struct chunk_run run;
    line[10] = '\0';
    CHECK(!chunk_map_parse(line, sizeof line - 1, &run), "a NUL in the digest is malformed");
}

static void test_file(void)
{
    struct buf out = {0};
    struct digest_value digest = {.algorithm = DIGEST_SHA256};
    size_t digits = 0;
    (void)digest_parse(HEX, &digest);
    CHECK(chunk_map_append_file(&out, "a b/c", 1048577, &digest, &digits) == 0 &&
              strcmp(out.bytes, "./a\\040b/c size=1048577 sha256digest=" HEX "\n") == 0,
          "the first line of a block is spelled as in the manifest");
    CHECK(strncmp(out.bytes + digits, HEX, PACK_DIGITS) == 0, "the place of its digest is known");
    buf_free(&out);
}

int main(void)
{
    test_valid();
    test_malformed();
    test_file();
    return tap_done();
}
