/*
 * Seek tables: the bytes of the format, the frame of an offset, and tables that lie.
 */
#include "seek_table.h"
#include "tap.h"

#include <stdint.h>

/* The entries of a nonce and three frames: 24, 100, 200 and 50 bytes. */
static const uint32_t frames[][2] = {{24, 0}, {100, 1000}, {200, 4096}, {50, 1}};

enum { FRAMES = sizeof frames / sizeof frames[0], END = 374, SIZE = 5097 };

static void table_make(struct buf *table)
{
    struct buf entries = {0};
    for (size_t i = 0; i < FRAMES; i++)
        (void)seek_table_add(&entries, frames[i][0], frames[i][1]);
    table->length = 0;
    (void)seek_table_encode(table, &entries);
    buf_free(&entries);
}

static enum pack_error parse(struct seek_table *seek, const struct buf *table)
{
    return seek_table_parse(seek, (const unsigned char *)table->bytes, table->length,
                            END + table->length);
}

static void test_encode(const struct buf *table)
{
    static const char start[] = "\x5e\x2a\x4d\x18\x29\0\0\0\x18\0\0\0\0\0\0\0\x64\0\0\0\xe8\x03";
    static const char footer[] = "\x04\0\0\0\0\xb1\xea\x92\x8f";
    CHECK(table->length == 8 + 8 * FRAMES + 9 &&
              memcmp(table->bytes, start, sizeof start - 1) == 0 &&
              memcmp(table->bytes + table->length - 9, footer, 9) == 0,
          "a table has the bytes of the seekable format");
    size_t length = 0;
    CHECK(seek_table_length((const unsigned char *)table->bytes + table->length - 9, &length) ==
                  PACK_OK &&
              length == table->length,
          "the footer tells the length");
}

static void test_find(const struct buf *table)
{
    static const struct {
        uint64_t offset;
        size_t frame;
    } places[] = {{0, 1}, {999, 1}, {1000, 2}, {5095, 2}, {5096, 3}, {5097, 4}, {UINT64_MAX, 4}};
    struct seek_table seek = {0};
    CHECK(seek_table_find(&seek, 0) == 0 && seek_table_size(&seek) == 0,
          "an empty table has no frames");
    CHECK(parse(&seek, table) == PACK_OK && seek.count == FRAMES, "a table is parsed");
    CHECK(seek_table_size(&seek) == SIZE, "the size is the sum of the contents");
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        CHECK(seek_table_find(&seek, places[i].offset) == places[i].frame,
              "offset %ju is in frame %zu", (uintmax_t)places[i].offset, places[i].frame);
    CHECK(seek.points[2].offset == 124 && seek.points[2].content == 1000 &&
              seek.points[FRAMES].offset == END,
          "a frame begins where those before it end");
    seek_table_free(&seek);
}

static void test_lies(struct buf *table)
{
    static const struct {
        const char *name;
        size_t at;
        unsigned char flip;
    } lies[] = {
        {"a magic that is another frame's", 0, 1},
        {"a frame length that is not the table's", 4, 1},
        {"a sum that is not the file", 8, 1},
        {"a descriptor with checksums", 44, 0x80},
        {"a descriptor with reserved bits", 44, 4},
        {"another number of frames", 40, 1},
        {"too many frames", 43, 0x7f},
        {"a footer without the magic", 45, 1},
        {"a frame above the limit", 15, 0x80},
    };
    struct seek_table seek = {0};
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        table->bytes[lies[i].at] = (char)(table->bytes[lies[i].at] ^ lies[i].flip);
        CHECK(parse(&seek, table) == PACK_BAD_SEEK_TABLE && !seek.points, "%s is refused",
              lies[i].name);
        table->bytes[lies[i].at] = (char)(table->bytes[lies[i].at] ^ lies[i].flip);
    }
    const unsigned char *bytes = (const unsigned char *)table->bytes;
    bool refused = true;
    for (size_t length = 0; length < table->length; length++)
        refused = refused &&
                  seek_table_parse(&seek, bytes, length, END + length) == PACK_BAD_SEEK_TABLE &&
                  seek_table_parse(&seek, bytes + table->length - length, length, END + length) ==
                      PACK_BAD_SEEK_TABLE;
    CHECK(refused, "a part of a table is refused");
    CHECK(seek_table_parse(&seek, bytes, table->length, table->length - 1) == PACK_BAD_SEEK_TABLE,
          "a table longer than the file is refused");
    memset(table->bytes + 8, 0, 4);
    CHECK(seek_table_parse(&seek, bytes, table->length, END - 24 + table->length) ==
              PACK_BAD_SEEK_TABLE,
          "a frame of no bytes is refused");
}

int main(void)
{
    struct buf table = {0};
    table_make(&table);
    test_encode(&table);
    test_find(&table);
    test_lies(&table);
    buf_free(&table);
    return tap_done();
}
