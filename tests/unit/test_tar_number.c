/*
 * Numbers in headers: octal, base-256, decimal.
 */
#include "tap.h"
#include "tar_number.h"

#include <stddef.h>
#include <string.h>

/* The bytes of a header field and their number, without the NUL of a literal. */
#define FIELD(literal) (literal), sizeof(literal) - 1

struct decoding {
    const char *name;
    const char *field;
    size_t length;
    enum tar_error error;
    int64_t number;
};

static const struct decoding octal[] = {
    {"digits up to a NUL", FIELD("0000644\0"), TAR_OK, 0644},
    {"digits up to a space", FIELD("000644 \0"), TAR_OK, 0644},
    {"leading spaces", FIELD("   644 \0"), TAR_OK, 0644},
    {"digits up to the field's end", FIELD("77777777"), TAR_OK, 077777777},
    {"12 digits up to the field's end", FIELD("777777777777"), TAR_OK, INT64_C(0777777777777)},
    {"only NULs", FIELD("\0\0\0\0\0\0\0\0"), TAR_OK, 0},
    {"a field of no bytes", FIELD(""), TAR_OK, 0},
    {"digits, spaces and NULs", FIELD("12 \0 \0 \0"), TAR_OK, 012},
    /* Some readers parse the whole field. */
    {"a letter behind a NUL", FIELD("12\0x\0\0\0\0"), TAR_BAD_NUMBER, 0},
    {"digits behind a NUL",
     FIELD("12\0\0\0\0\0"
           "7"),
     TAR_BAD_NUMBER, 0},
    {"digits behind a space", FIELD("12 7\0\0\0\0"), TAR_BAD_NUMBER, 0},
    /* GNU tar reads -1. */
    {"only spaces", FIELD("        "), TAR_BAD_NUMBER, 0},
    {"spaces and a NUL", FIELD("       \0"), TAR_BAD_NUMBER, 0},
    {"the digit 8", FIELD("0000008\0"), TAR_BAD_NUMBER, 0},
    {"a letter", FIELD("00a0000\0"), TAR_BAD_NUMBER, 0},
    {"a minus", FIELD("-000001\0"), TAR_BAD_NUMBER, 0},
    {"a plus", FIELD("+000001\0"), TAR_BAD_NUMBER, 0},
    {"hexadecimal", FIELD("0x00010\0"), TAR_BAD_NUMBER, 0},
    {"a letter right behind the spaces", FIELD("       x"), TAR_BAD_NUMBER, 0},
    /* Refused, since GNU tar and Go read these as numbers, and libarchive as 0. */
    {"digits behind a leading NUL",
     FIELD("\0"
           "0000644"),
     TAR_BAD_NUMBER, 0},
    {"digits behind spaces and a NUL",
     FIELD("  \0"
           "00644"),
     TAR_BAD_NUMBER, 0},
    {"63 bits of octal digits", FIELD("777777777777777777777"), TAR_OK, INT64_MAX},
    {"64 bits of octal digits", FIELD("1000000000000000000000"), TAR_BAD_NUMBER, 0},
    {"more octal digits than 64 bits hold", FIELD("7777777777777777777777777"), TAR_BAD_NUMBER, 0},
};

static const struct decoding base256[] = {
    {"0", FIELD("\200\0\0\0\0\0\0\0"), TAR_OK, 0},
    {"1", FIELD("\200\0\0\0\0\0\0\1"), TAR_OK, 1},
    {"2097152, the first that octal can't", FIELD("\200\0\0\0\0\x20\0\0"), TAR_OK, 2097152},
    {"8 GiB", FIELD("\200\0\0\0\0\0\0\2\0\0\0\0"), TAR_OK, INT64_C(1) << 33},
    {"the largest of 8 bytes", FIELD("\200\377\377\377\377\377\377\377"), TAR_OK,
     (INT64_C(1) << 56) - 1},
    {"the least of 8 bytes", FIELD("\377\0\0\0\0\0\0\0"), TAR_OK, -(INT64_C(1) << 56)},
    /* Some readers know no other first bytes. */
    {"a first byte 0x81", FIELD("\201\0\0\0\0\0\0\0"), TAR_BAD_NUMBER, 0},
    {"a first byte 0xbf", FIELD("\277\0\0\0\0\0\0\0"), TAR_BAD_NUMBER, 0},
    {"a first byte 0xc0", FIELD("\300\0\0\0\0\0\0\0"), TAR_BAD_NUMBER, 0},
    {"2^63-1", FIELD("\200\0\0\0\177\377\377\377\377\377\377\377"), TAR_OK, INT64_MAX},
    {"2^63", FIELD("\200\0\0\0\200\0\0\0\0\0\0\0"), TAR_BAD_NUMBER, 0},
    {"2^64", FIELD("\200\0\0\1\0\0\0\0\0\0\0\0"), TAR_BAD_NUMBER, 0},
    {"the largest of 12 bytes", FIELD("\277\377\377\377\377\377\377\377\377\377\377\377"),
     TAR_BAD_NUMBER, 0},
    {"-1", FIELD("\377\377\377\377\377\377\377\377\377\377\377\377"), TAR_OK, -1},
    {"-2 in 8 bytes", FIELD("\377\377\377\377\377\377\377\376"), TAR_OK, -2},
    {"-2^63", FIELD("\377\377\377\377\200\0\0\0\0\0\0\0"), TAR_OK, INT64_MIN},
    {"-2^63-1", FIELD("\377\377\377\377\177\377\377\377\377\377\377\377"), TAR_BAD_NUMBER, 0},
    {"one byte, positive", FIELD("\200"), TAR_OK, 0},
    {"one byte, negative", FIELD("\377"), TAR_OK, -1},
};

static void test_decode(const char *what, const struct decoding *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct decoding *t = &table[i];
        int64_t number = 0;
        enum tar_error error = tar_number_decode(t->field, t->length, &number);
        CHECK(error == t->error && (error != TAR_OK || number == t->number), "%s: %s is %s", what,
              t->name, t->error == TAR_OK ? "read" : "refused");
    }
}

static void test_encode(void)
{
    static const struct {
        uint64_t number;
        size_t length;
        const char *field; /* its bytes, with a closing NUL */
    } table[] = {
        {0, 8, "0000000"},
        {0644, 8, "0000644"},
        {2097151, 8, "7777777"},
        {2097152, 8, "7777777"},
        {UINT64_MAX, 8, "7777777"},
        {(UINT64_C(1) << 33) - 1, 12, "77777777777"},
        {UINT64_C(1) << 33, 12, "77777777777"},
        {UINT64_MAX, 12, "77777777777"},
        {4096, 12, "00000010000"},
        {011707, 7, "011707"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char field[16];
        memset(field, 'x', sizeof field);
        tar_number_encode(field, table[i].length, table[i].number);
        CHECK(memcmp(field, table[i].field, table[i].length) == 0 && field[table[i].length] == 'x',
              "%ju is written into %zu bytes as %s", (uintmax_t)table[i].number, table[i].length,
              table[i].field);
    }
    CHECK(tar_number_max(8) == 2097151, "8 bytes hold 2097151");
    CHECK(tar_number_max(12) == (UINT64_C(1) << 33) - 1, "12 bytes hold 8 GiB - 1");
}

static void test_decimal(void)
{
    static const struct {
        const char *text;
        enum tar_error error;
        uint64_t number;
    } table[] = {
        {"0", TAR_OK, 0},
        {"00012", TAR_OK, 12},
        {"9223372036854775807", TAR_OK, INT64_MAX},
        {"18446744073709551609", TAR_OK, UINT64_C(18446744073709551609)},
        {"18446744073709551616", TAR_BAD_NUMBER, 0},
        {"99999999999999999999", TAR_BAD_NUMBER, 0},
        {"100000000000000000000000000000", TAR_BAD_NUMBER, 0},
        {"", TAR_BAD_NUMBER, 0},
        {"-1", TAR_BAD_NUMBER, 0},
        {"+1", TAR_BAD_NUMBER, 0},
        {" 1", TAR_BAD_NUMBER, 0},
        {"1 ", TAR_BAD_NUMBER, 0},
        {"1.0", TAR_BAD_NUMBER, 0},
        {"0x1", TAR_BAD_NUMBER, 0},
        {"1e3", TAR_BAD_NUMBER, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        uint64_t number = 0;
        enum tar_error error = tar_decimal_decode(table[i].text, strlen(table[i].text), &number);
        CHECK(error == table[i].error && (error != TAR_OK || number == table[i].number),
              "decimal '%s' is %s", table[i].text, table[i].error == TAR_OK ? "read" : "refused");
    }
    uint64_t number = 0;
    CHECK(tar_decimal_decode("1\0002", 3, &number) == TAR_BAD_NUMBER,
          "a decimal number with a NUL inside is refused");
}

int main(void)
{
    test_decode("octal", octal, sizeof octal / sizeof octal[0]);
    test_decode("base-256", base256, sizeof base256 / sizeof base256[0]);
    test_encode();
    test_decimal();
    return tap_done();
}
