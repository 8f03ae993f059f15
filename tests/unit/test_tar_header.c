/*
 * The header block in all formats. A block is given as pieces of text at their offsets; all other
 * bytes are zero.
 */
#include "tap.h"
#include "tar_header.h"

#include <stdio.h>
#include <string.h>

struct piece {
    size_t offset;
    const char *text;
};

#define USTAR                                                                                      \
    {257, "ustar"},                                                                                \
    {                                                                                              \
        263, "00"                                                                                  \
    }
static void piece_put(char *block, struct piece piece)
{
    for (size_t i = 0; piece.text[i]; i++)
        block[piece.offset + i] = piece.text[i];
}

static void block_fill(char *block, const struct piece *pieces)
{
    memset(block, 0, TAR_BLOCK_SIZE);
    for (const struct piece *piece = pieces; piece->text; piece++)
        piece_put(block, *piece);
}

/* Writes the checksum: the sum of all bytes, less `high` for each byte above 127. */
static void block_seal(char *block, unsigned high)
{
    unsigned sum = 0;
    memset(block + 148, ' ', 8);
    for (size_t i = 0; i < TAR_BLOCK_SIZE; i++) {
        unsigned char byte = (unsigned char)block[i];
        sum += byte - (byte > 127 ? high : 0);
    }
    (void)snprintf(block + 148, 8, "%06o", sum & 0777777);
}

#define TEN(letter) letter letter letter letter letter letter letter letter letter letter
#define HUNDRED(letter) TEN(TEN(letter))

static const struct decoding {
    const char *what;
    struct piece pieces[12];
    struct tar_header header;
} decodings[] = {
    {"a file in ustar",
     {{0, "a/b"},
      {100, "0000644"},
      {108, "0001750"},
      {116, "0000144"},
      {124, "00000000012"},
      {136, "14524661400"},
      {156, "0"},
      USTAR},
     {.name = "a/b",
      .type = '0',
      .mode = 0644,
      .uid = 1000,
      .gid = 100,
      .size = 10,
      .mtime = 1699963648}},
    {"prefix and name",
     {{0, "name"}, {156, "0"}, USTAR, {345, "pre/fix"}},
     {.name = "pre/fix/name", .type = '0'}},
    {"a name of 100 bytes behind a prefix of 155, neither with a NUL",
     {{0, HUNDRED("n")},
      {156, "0"},
      USTAR,
      {345, HUNDRED("p") TEN("p") TEN("p") TEN("p") TEN("p") TEN("p") "ppppp"}},
     {.name = HUNDRED("p") TEN("p") TEN("p") TEN("p") TEN("p") TEN("p") "ppppp/" HUNDRED("n"),
      .type = '0'}},
    {"a link of 100 bytes without a NUL, the magic right behind it",
     {{0, "l"}, {156, "2" HUNDRED("t")}, USTAR},
     {.name = "l", .link = HUNDRED("t"), .type = '2'}},
    {"a device",
     {{0, "d"}, {156, "4"}, USTAR, {329, "0000010"}, {337, "0000021"}},
     {.name = "d", .type = '4', .major = 8, .minor = 17}},
    {"v7: a NUL for the type, no magic, no prefix",
     {{0, "old"}, {100, "   644 "}, {124, "          5 "}, {346, "junk"}},
     {.name = "old", .type = '\0', .mode = 0644, .size = 5}},
    {"GNU: a sparse map in the place of the prefix",
     {{0, "gnu"}, {156, "S"}, {257, "ustar  "}, {386, "00000000000"}, {495, "junk"}},
     {.name = "gnu", .type = 'S'}},
    {"star: the end of the prefix holds times",
     {{0, "star"},
      {156, "0"},
      USTAR,
      {508, "tar"},
      {345, "pre"},
      {476, "14524661400 14524661400 "}},
     {.name = "pre/star", .type = '0'}},
    {"star: a prefix of 130 bytes",
     {{0, "star"},
      {156, "0"},
      USTAR,
      {508, "tar"},
      {345, HUNDRED("p") TEN("p") TEN("p") TEN("p")},
      {476, "14524661400 14524661400 "}},
     {.name = HUNDRED("p") TEN("p") TEN("p") TEN("p") "/star", .type = '0'}},
    {"a mode with the file type above it",
     {{0, "m"}, {100, "0104755"}, {156, "0"}, USTAR},
     {.name = "m", .type = '0', .mode = 04755}},
    {"a size of 8 GiB in base-256",
     {{0, "b"}, {124, "\200"}, {131, "\002"}, {156, "0"}, {257, "ustar  "}},
     {.name = "b", .type = '0', .size = UINT64_C(1) << 33}},
    {"a time before 1970 in base-256",
     {{0, "t"},
      {136, "\377\377\377\377\377\377\377\377\377\377\377\376"},
      {156, "0"},
      {257, "ustar  "}},
     {.name = "t", .type = '0', .mtime = -2}},
    {"an unknown type, as it stands", {{0, "u"}, {156, "Z"}, USTAR}, {.name = "u", .type = 'Z'}},
};

static bool header_equal(const struct tar_header *a, const struct tar_header *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->link, b->link) == 0 && a->type == b->type &&
           a->mode == b->mode && a->uid == b->uid && a->gid == b->gid && a->size == b->size &&
           a->mtime == b->mtime && a->major == b->major && a->minor == b->minor;
}

static void test_decode(void)
{
    for (size_t i = 0; i < sizeof decodings / sizeof decodings[0]; i++) {
        const struct decoding *t = &decodings[i];
        char block[TAR_BLOCK_SIZE];
        struct tar_header header;
        memset(&header, 'x', sizeof header);
        block_fill(block, t->pieces);
        block_seal(block, 0);
        enum tar_error error = tar_header_decode(block, &header);
        CHECK(error == TAR_OK && header_equal(&header, &t->header), "decodes %s", t->what);
    }
}

static void test_refused(void)
{
    static const struct {
        const char *what;
        struct piece pieces[5];
    } table[] = {
        {"a mode that is no number", {{0, "a"}, {100, "rw-r--r"}, USTAR}},
        {"a uid that is no number", {{0, "a"}, {108, "nobody"}, USTAR}},
        {"a negative uid", {{0, "a"}, {108, "\377\377\377\377\377\377\377\376"}, USTAR}},
        {"a negative gid", {{0, "a"}, {116, "\377\377\377\377\377\377\377\376"}, USTAR}},
        {"a negative size",
         {{0, "a"}, {124, "\377\377\377\377\377\377\377\377\377\377\377\377"}, USTAR}},
        {"a size of 2^63",
         {{0, "a"}, {124, "\200\001\001\001\200\001\001\001\001\001\001\001"}, USTAR}},
        {"a time that is no number", {{0, "a"}, {136, "yesterday"}, USTAR}},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char block[TAR_BLOCK_SIZE];
        struct tar_header header;
        block_fill(block, table[i].pieces);
        block_seal(block, 0);
        CHECK(tar_header_decode(block, &header) == TAR_BAD_NUMBER, "refuses %s", table[i].what);
    }
}

static void test_prefix_refused(void)
{
    static const struct {
        const char *what;
        struct piece pieces[5];
        enum tar_error error;
    } table[] = {
        {"a prefix without a magic", {{0, "a"}, {345, "dir"}}, TAR_BAD_PREFIX},
        {"a prefix in a header of GNU", {{257, "ustar  "}, {345, "dir"}}, TAR_BAD_PREFIX},
        {"a prefix with another version",
         {{257, "ustar"}, {263, "99"}, {345, "d"}},
         TAR_BAD_PREFIX},
        {"a magic with a space", {{257, "ustar 00"}, {345, "dir"}}, TAR_BAD_PREFIX},
        {"a time in a header of GNU", {{257, "ustar  "}, {345, "14524661400"}}, TAR_INCREMENTAL},
        {"a sparse map of a file that is not",
         {{156, "0"}, {257, "ustar  "}, {386, "00000000000"}},
         TAR_INCREMENTAL},
        {"a prefix of star that goes on in its times",
         {{257, "ustar"}, {508, "tar"}, {345, HUNDRED("p") TEN("p") TEN("p") TEN("p") "p"}},
         TAR_BAD_PREFIX},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char block[TAR_BLOCK_SIZE];
        struct tar_header header;
        block_fill(block, table[i].pieces);
        block_seal(block, 0);
        CHECK(tar_header_decode(block, &header) == table[i].error, "refuses %s", table[i].what);
    }
}

static void test_devices_refused(void)
{
    static const struct {
        char type;
        size_t offset;
    } table[] = {{'3', 329}, {'3', 337}, {'4', 329}, {'4', 337}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char block[TAR_BLOCK_SIZE];
        struct tar_header header;
        block_fill(block,
                   (struct piece[]){{0, "dev"}, USTAR, {table[i].offset, "junk"}, {0, NULL}});
        block[156] = table[i].type;
        block_seal(block, 0);
        CHECK(tar_header_decode(block, &header) == TAR_BAD_NUMBER,
              "refuses junk at %zu in a device of type %c", table[i].offset, table[i].type);
    }
}

static void test_checksum(void)
{
    const struct piece pieces[] = {{0, "caf\303\251"}, {156, "0"}, USTAR, {0, NULL}};
    char block[TAR_BLOCK_SIZE];
    struct tar_header header;

    block_fill(block, pieces);
    block_seal(block, 256);
    CHECK(tar_header_decode(block, &header) == TAR_OK, "takes the sum of signed bytes");
    block_seal(block, 0);
    CHECK(tar_header_decode(block, &header) == TAR_OK, "takes the sum of unsigned bytes");
    unsigned missed = 0;
    for (size_t i = 0; i < TAR_BLOCK_SIZE; i++) {
        block[i] ^= 1;
        missed += (i < 148 || i >= 156) && tar_header_decode(block, &header) != TAR_BAD_CHECKSUM;
        block[i] ^= 1;
    }
    CHECK(missed == 0, "sees a changed bit in every byte");
    piece_put(block, (struct piece){148, "        "});
    CHECK(tar_header_decode(block, &header) == TAR_BAD_CHECKSUM, "refuses an empty checksum");
    piece_put(block, (struct piece){148, "checksum"});
    CHECK(tar_header_decode(block, &header) == TAR_BAD_CHECKSUM, "refuses a checksum of letters");
    memset(block, 0, sizeof block);
    CHECK(tar_header_decode(block, &header) == TAR_BAD_CHECKSUM, "refuses a block of zeros");
}

static void test_seal(void)
{
    struct tar_ustar header = {.name = "hello.txt", .type = '0'};
    struct tar_header decoded;
    char expected[TAR_BLOCK_SIZE];
    block_fill(expected, (struct piece[]){{0, "hello.txt"}, {156, "0"}, USTAR, {0, NULL}});
    block_seal(expected, 0);
    expected[155] = ' ';
    tar_header_seal(&header);
    CHECK(memcmp(&header, expected, sizeof expected) == 0, "seals with six digits, NUL and space");
    CHECK(tar_header_decode(&header, &decoded) == TAR_OK, "decodes what it sealed");
}

static void test_zero(void)
{
    char block[TAR_BLOCK_SIZE] = {0};
    CHECK(tar_block_is_zero(block), "a block of zeros is zero");
    static const size_t offsets[] = {0, 1, 255, 510, 511};
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        block[offsets[i]] = 1;
        CHECK(!tar_block_is_zero(block), "a block with a 1 at %zu is not zero", offsets[i]);
        block[offsets[i]] = 0;
    }
    memset(block, 1, sizeof block);
    CHECK(!tar_block_is_zero(block), "a block of ones is not zero");
}

static void test_padding(void)
{
    static const struct {
        uint64_t size;
        size_t padding;
    } table[] = {
        {0, 0}, {1, 511}, {511, 1}, {512, 0}, {513, 511}, {INT64_MAX, 1}, {UINT64_C(1) << 33, 0}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        CHECK(tar_padding(table[i].size) == table[i].padding, "%ju bytes are padded with %zu",
              (uintmax_t)table[i].size, table[i].padding);
}

int main(void)
{
    test_decode();
    test_refused();
    test_prefix_refused();
    test_devices_refused();
    test_checksum();
    test_seal();
    test_zero();
    test_padding();
    return tap_done();
}
