/*
 * Records of the contents stream.
 */
#include "contents.h"
#include "tap.h"

#include <stdint.h>

#define HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void test_valid(void)
{
    static const struct {
        const char *line;
        enum contents_kind kind;
        uint32_t size;
    } table[] = {
        {HEX " file 1\n", CONTENTS_FILE, 1},
        {HEX " file 1048576\n", CONTENTS_FILE, 1048576},
        {HEX " chunk 16384\n", CONTENTS_CHUNK, 16384},
        {HEX " chunk 1048576\n", CONTENTS_CHUNK, 1048576},
        {"end\n", CONTENTS_END, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct contents_record record = {0};
        struct buf out = {0};
        const size_t length = strlen(table[i].line);
        CHECK(contents_parse(table[i].line, length, &record) == PACK_OK &&
                  record.kind == table[i].kind && record.size == table[i].size,
              "%s is parsed", table[i].line);
        CHECK(contents_encode(&out, &record) == 0 && out.length == length &&
                  memcmp(out.bytes, table[i].line, length) == 0 && length <= CONTENTS_LINE_MAX,
              "%s is encoded to the same text", table[i].line);
        buf_free(&out);
    }
}

static void test_malformed(void)
{
    static const char *const lines[] = {
        "",
        "\n",
        "end",
        "end \n",
        "end\n\n",
        "END\n",
        HEX "\n",
        HEX " \n",
        HEX " f\n",
        HEX " file\n",
        HEX " file \n",
        HEX " file 0\n",
        HEX " file 01\n",
        HEX " file -1\n",
        HEX " file +1\n",
        HEX " file 1 \n",
        HEX " file 1\n\n",
        HEX " file  1\n",
        HEX " file 1048577\n",
        HEX " file 4294967297\n",
        HEX " file 99999999999999999999999\n",
        HEX " file 1",
        HEX " File 1\n",
        HEX " chunk\n",
        HEX " chunk 0\n",
        HEX " chunks 1\n",
        HEX " blob 1\n",
        HEX "\tfile 1\n",
        HEX "0 file 1\n",
        "E3B0C44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 file 1\n",
        "g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 file 1\n",
        "sha256:c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b file 1\n",
    };
    struct contents_record record;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        CHECK(contents_parse(lines[i], strlen(lines[i]), &record) == PACK_BAD_RECORD,
              "'%s' is refused", lines[i]);
    CHECK(contents_parse("\0nd\n", 4, &record) == PACK_BAD_RECORD, "a NUL is refused");
}

int main(void)
{
    test_valid();
    test_malformed();
    return tap_done();
}
