/*
 * The records of extended headers.
 */
#include "tap.h"
#include "tar_record.h"

#include <stdlib.h>
#include <string.h>

static bool buf_is(const struct buf *buf, const void *bytes, size_t length)
{
    return buf->length == length && (length == 0 || memcmp(buf->bytes, bytes, length) == 0);
}

static bool text_is(struct tar_text text, const char *expected)
{
    return text.length == strlen(expected) && memcmp(text.at, expected, text.length) == 0;
}

/* The length includes its own digits, so one length is impossible wherever the digits increase. */
static void test_length(void)
{
    static const struct {
        size_t value; /* bytes of the value of the keyword "k" */
        const char *head;
    } table[] = {
        {0, "5 k="},       {1, "6 k="},        {4, "9 k="},         {5, "11 k="},
        {6, "12 k="},      {92, "98 k="},      {93, "99 k="},       {94, "101 k="},
        {95, "102 k="},    {992, "999 k="},    {993, "1001 k="},    {994, "1002 k="},
        {9991, "9999 k="}, {9992, "10001 k="}, {99990, "99999 k="}, {99991, "100001 k="},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct buf out = {0}, expected = {0}, value = {0};
        buf_append_fill(&value, 'v', table[i].value);
        buf_append_text(&expected, table[i].head);
        buf_append(&expected, value.bytes, value.length);
        buf_append_text(&expected, "\n");
        CHECK(tar_record_append(&out, "k", value.bytes, value.length) == 0 &&
                  buf_is(&out, expected.bytes, expected.length) &&
                  strtoul(out.bytes, NULL, 10) == out.length,
              "a value of %zu bytes makes a record '%s...'", table[i].value, table[i].head);
        buf_free(&out);
        buf_free(&expected);
        buf_free(&value);
    }
}

static void test_append(void)
{
    struct buf out = {0};
    CHECK(tar_record_append(&out, "path", "a=b\nc\0d", 7) == 0 &&
              buf_is(&out, "16 path=a=b\nc\0d\n", 16),
          "a value may hold '=', newline and NUL");
    out.length = 0;
    CHECK(tar_record_append_number(&out, "size", UINT64_C(1) << 33) == 0 &&
              buf_is(&out, "19 size=8589934592\n", 19),
          "a number is written in decimal");
    CHECK(tar_record_append_number(&out, "uid", UINT64_MAX) == 0 &&
              buf_is(&out, "19 size=8589934592\n28 uid=18446744073709551615\n", 47),
          "a second record is written behind the first");
    buf_free(&out);
}

static void test_time(void)
{
    static const struct {
        int64_t seconds;
        uint32_t nanoseconds;
        const char *record;
    } table[] = {
        {0, 0, "11 mtime=0\n"},
        {1, 0, "11 mtime=1\n"},
        {0, 1, "21 mtime=0.000000001\n"},
        {0, 500000000, "13 mtime=0.5\n"},
        {1700000000, 123456789, "30 mtime=1700000000.123456789\n"},
        {1700000000, 120000000, "23 mtime=1700000000.12\n"},
        {10, 999999999, "22 mtime=10.999999999\n"},
        {-1, 0, "12 mtime=-1\n"},
        {-1, 500000000, "14 mtime=-0.5\n"},
        {-2, 500000000, "14 mtime=-1.5\n"},
        {-1, 999999999, "22 mtime=-0.000000001\n"},
        {-1, 1, "22 mtime=-0.999999999\n"},
        {-100, 0, "14 mtime=-100\n"},
        {INT64_C(1) << 33, 0, "20 mtime=8589934592\n"},
        {INT64_MAX, 999999999, "39 mtime=9223372036854775807.999999999\n"},
        {INT64_MIN, 0, "30 mtime=-9223372036854775808\n"},
        {INT64_MIN, 1, "40 mtime=-9223372036854775807.999999999\n"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct buf out = {0};
        struct tar_time time = {table[i].seconds, table[i].nanoseconds};
        CHECK(tar_record_append_time(&out, "mtime", time) == 0 &&
                  buf_is(&out, table[i].record, strlen(table[i].record)),
              "%jd s and %u ns are written as %.*s", (intmax_t)table[i].seconds,
              (unsigned)table[i].nanoseconds, (int)strcspn(table[i].record, "\n"), table[i].record);
        buf_free(&out);
    }
}

static void test_xattr(void)
{
    static const struct {
        const char *what;
        struct xattr xattr;
        const char *record;
        size_t length;
    } table[] = {
        {"a plain attribute", {"user.a", "b", 1}, "25 SCHILY.xattr.user.a=b\n", 25},
        {"an empty value", {"user.a", "", 0}, "24 SCHILY.xattr.user.a=\n", 24},
        {"a value of NUL and newline",
         {"user.a", "\0\n\0", 3},
         "27 SCHILY.xattr.user.a=\0\n\0\n",
         27},
        {"'=' in the name", {"user.a=b", "c", 1}, "29 SCHILY.xattr.user.a%3Db=c\n", 29},
        {"'%' in the name", {"user.100%", "", 0}, "29 SCHILY.xattr.user.100%25=\n", 29},
        {"an escape in the name", {"user.%3D", "", 0}, "28 SCHILY.xattr.user.%253D=\n", 28},
        {"a newline in the name", {"user.a\nb", "", 0}, "26 SCHILY.xattr.user.a\nb=\n", 26},
        {"bytes above 127 in the name", {"user.\377", "", 0}, "24 SCHILY.xattr.user.\377=\n", 24},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct buf out = {0};
        CHECK(tar_record_append_xattr(&out, &table[i].xattr) == 0 &&
                  buf_is(&out, table[i].record, table[i].length),
              "writes %s", table[i].what);
        buf_free(&out);
    }
}

static void test_next(void)
{
    char header[] = "6 a=b\n11 path=x=\n8 k=a\nb\n5 e=\n";
    static const char *const expected[][2] = {{"a", "b"}, {"path", "x="}, {"k", "a\nb"}, {"e", ""}};
    struct tar_text rest = {header, sizeof header - 1}, key, value;
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        CHECK(tar_record_next(&rest, &key, &value) == TAR_OK && text_is(key, expected[i][0]) &&
                  text_is(value, expected[i][1]),
              "splits record %zu off", i + 1);
    CHECK(rest.length == 0, "nothing is left after the last record");
}

static void test_next_refused(void)
{
    static const struct {
        const char *what;
        const char *text;
    } table[] = {
        {"no length", " a=b\n"},
        {"no number", "x a=b\n"},
        {"a negative length", "-6 a=b\n"},
        {"a signed length", "+6 a=b\n"},
        {"a hexadecimal length", "0x6 a=b\n"},
        {"only a length", "6"},
        {"a length of 0", "0 a=b\n"},
        {"a length that ends in itself", "1 a=b\n"},
        {"a length that ends in the keyword", "3 a=b\n"},
        {"a length that ends before the newline", "5 a=b\n"},
        {"a length that ends behind the newline", "7 a=b\n"},
        {"a length that ends behind the header", "700 a=b\n"},
        {"a length of 2^64 + 6", "18446744073709551622 a=b\n"},
        {"a length with a leading zero", "07 a=b\n"},
        {"a keyword behind a space", "7  a=b\n"},
        {"a newline in a keyword", "8 k\nk=b\n"},
        {"a length of 40 digits", "6666666666666666666666666666666666666666 a=b\n"},
        {"a tab for the space", "6\ta=b\n"},
        {"no keyword", "5 =b\n"},
        {"no '='", "6 abc\n"},
        {"no newline", "6 a=bc"},
        {"the '=' in the record behind", "5 ab\n6 a=b\n"},
        {"a record cut short", "9 path=a"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        /* A block of its own, so that sanitizers find a read beyond the end. */
        size_t length = strlen(table[i].text);
        char *copy = malloc(length);
        if (!copy)
            return;
        memcpy(copy, table[i].text, length);
        struct tar_text rest = {copy, length}, key, value;
        CHECK(tar_record_next(&rest, &key, &value) == TAR_BAD_RECORD, "refuses %s", table[i].what);
        free(copy);
    }
}

int main(void)
{
    test_length();
    test_append();
    test_time();
    test_xattr();
    test_next();
    test_next_refused();
    return tap_done();
}
