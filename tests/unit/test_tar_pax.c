/*
 * The meaning of the records in extended headers.
 */
#include "acl.h"
#include "tap.h"
#include "tar_pax.h"
#include "tar_record.h"

#include <stdlib.h>
#include <string.h>

/* Keywords and values, from which the test makes records. */
struct record {
    const char *key;
    const char *value;
    size_t length; /* 0: the value is text */
};

static enum tar_error decode(struct tar_pax *pax, const struct record *records)
{
    struct buf header = {0};
    for (; records->key; records++) {
        size_t length = records->length > 0 ? records->length : strlen(records->value);
        if (tar_record_append(&header, records->key, records->value, length) != 0)
            break;
    }
    /* A block that ends with the header, so that sanitizers find a read beyond it. */
    char *copy = malloc(header.length + 1);
    enum tar_error error = TAR_NO_MEMORY;
    if (copy && header.length > 0) {
        memcpy(copy + 1, header.bytes, header.length);
        error = tar_pax_decode(pax, copy + 1, header.length);
    }
    free(copy);
    buf_free(&header);
    return error;
}

#define DECODE(pax, ...) decode(pax, (const struct record[]){__VA_ARGS__, {0}})

static bool xattr_is(const struct tar_pax *pax, size_t index, const char *name, const void *value,
                     size_t length)
{
    if (index >= pax->xattrs.count)
        return false;
    struct xattr xattr = xattrs_get(&pax->xattrs, index);
    return strcmp(xattr.name, name) == 0 && xattr.length == length &&
           (length == 0 || memcmp(xattr.value, value, length) == 0);
}

static void test_values(void)
{
    struct tar_pax pax = {0};
    CHECK(tar_pax_decode(&pax, "", 0) == TAR_OK && pax.given == 0,
          "an empty header gives no keyword");
    enum tar_error error =
        DECODE(&pax, {"path", "a/\303\251", 0}, {"linkpath", "../b", 0}, {"size", "8589934592", 0},
               {"uid", "4294967294", 0}, {"gid", "2097152", 0}, {"mtime", "-1.5", 0},
               {"SCHILY.devmajor", "8", 0}, {"SCHILY.devminor", "1048575", 0});
    CHECK(error == TAR_OK, "takes every keyword of an entry");
    CHECK(pax.given == (TAR_PAX_PATH | TAR_PAX_LINK | TAR_PAX_SIZE | TAR_PAX_UID | TAR_PAX_GID |
                        TAR_PAX_MTIME | TAR_PAX_MAJOR | TAR_PAX_MINOR),
          "records which keywords were given");
    CHECK(strcmp(pax.path.bytes, "a/\303\251") == 0, "path is decoded");
    CHECK(strcmp(pax.link.bytes, "../b") == 0, "linkpath is decoded");
    CHECK(pax.size == UINT64_C(1) << 33 && pax.uid == 4294967294 && pax.gid == 2097152,
          "size, uid and gid are decoded");
    CHECK(pax.mtime.seconds == -2 && pax.mtime.nanoseconds == 500000000,
          "a negative mtime with a fraction is decoded");
    CHECK(pax.major == 8 && pax.minor == 1048575, "device numbers are decoded");

    CHECK(DECODE(&pax, {"path", "c", 0}) == TAR_OK && strcmp(pax.path.bytes, "c") == 0 &&
              pax.size == UINT64_C(1) << 33,
          "a later record replaces the earlier, others stay");
    tar_pax_clear(&pax);
    CHECK(pax.given == 0 && pax.xattrs.count == 0, "no value is left after tar_pax_clear()");
    tar_pax_free(&pax);
}

static void test_passed_over(void)
{
    static const char *const keywords[] = {
        "comment",
        "uname",
        "gname",
        "SCHILY.ino",
        "SCHILY.dev",
        "SCHILY.nlink",
        "Path",
        "pathx",
        "pat",
        "realtime.a",
        "GNU.sparse",
        "SCHILY.xattr",
        "RHT.security.selinux",
    };
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++) {
        struct tar_pax pax = {0};
        CHECK(DECODE(&pax, {keywords[i], "any\0thing", 9}) == TAR_OK && pax.given == 0 &&
                  pax.xattrs.count == 0,
              "%s is passed over", keywords[i]);
        tar_pax_free(&pax);
    }
}

static void test_time(void)
{
    static const struct {
        const char *text;
        int64_t seconds;
        uint32_t nanoseconds;
    } table[] = {
        {"0", 0, 0},
        {"-0", 0, 0},
        {"1.", 1, 0},
        {"1.5", 1, 500000000},
        {"1.000000001", 1, 1},
        {"0000000001.10", 1, 100000000},
        {"8589934592", INT64_C(1) << 33, 0},
        {"8589934591.999999999", (INT64_C(1) << 33) - 1, 999999999},
        {"-1", -1, 0},
        {"-0.5", -1, 500000000},
        {"-1.5", -2, 500000000},
        {"-0.000000001", -1, 999999999},
        {"-0.999999999", -1, 1},
        /* Rounded down to nanoseconds. */
        {"1.9999999999", 1, 999999999},
        {"1.00000000000000000000000000000000", 1, 0},
        {"-1.0000000000", -1, 0},
        {"-1.0000000001", -2, 999999999},
        {"-1.9999999999", -2, 0},
        {"-0.00000000001", -1, 999999999},
        {"9223372036854775807.9", INT64_MAX, 900000000},
        {"-9223372036854775808", INT64_MIN, 0},
        {"-9223372036854775807.25", INT64_MIN, 750000000},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct tar_pax pax = {0};
        CHECK(DECODE(&pax, {"mtime", table[i].text, 0}) == TAR_OK &&
                  pax.mtime.seconds == table[i].seconds &&
                  pax.mtime.nanoseconds == table[i].nanoseconds,
              "mtime %s", table[i].text);
        tar_pax_free(&pax);
    }
}

static void test_xattrs(void)
{
    static const struct {
        const char *key;
        const char *value;
        size_t length;
        const char *name;
        const char *bytes;
        size_t size;
    } table[] = {
        {"SCHILY.xattr.user.a", "b", 1, "user.a", "b", 1},
        {"SCHILY.xattr.user.a", "", 0, "user.a", "", 0},
        {"SCHILY.xattr.user.a", "\0\n=\377\0", 5, "user.a", "\0\n=\377\0", 5},
        {"SCHILY.xattr.user.a%3Db", "c", 1, "user.a=b", "c", 1},
        {"SCHILY.xattr.user.100%25", "c", 1, "user.100%", "c", 1},
        {"SCHILY.xattr.user.%253D", "c", 1, "user.%3D", "c", 1},
        /* The only escapes in this format, since other writers use none. */
        {"SCHILY.xattr.user.%41", "c", 1, "user.%41", "c", 1},
        {"SCHILY.xattr.user.%2", "c", 1, "user.%2", "c", 1},
        {"SCHILY.xattr.user.%", "c", 1, "user.%", "c", 1},
        {"SCHILY.xattr.user.%00", "c", 1, "user.%00", "c", 1},
        {"LIBARCHIVE.xattr.user.a", "AAoA", 4, "user.a", "\0\n\0", 3},
        {"LIBARCHIVE.xattr.user.a", "QQ", 2, "user.a", "A", 1},
        {"LIBARCHIVE.xattr.user.a%20%41%3d", "QQ==", 4, "user.a A=", "A", 1},
        {"LIBARCHIVE.xattr.user.a", "", 0, "user.a", "", 0},
        {"LIBARCHIVE.xattr.user.%00", "QQ", 2, "user.%00", "A", 1},
        {"LIBARCHIVE.xattr.user.%0", "QQ", 2, "user.%0", "A", 1},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct tar_pax pax = {0};
        CHECK(DECODE(&pax, {table[i].key, table[i].value, table[i].length}) == TAR_OK &&
                  pax.xattrs.count == 1 &&
                  xattr_is(&pax, 0, table[i].name, table[i].bytes, table[i].size),
              "%s with %zu bytes", table[i].key, table[i].length);
        tar_pax_free(&pax);
    }
    struct tar_pax pax = {0};
    CHECK(DECODE(&pax, {"SCHILY.xattr.b", "1", 0}, {"LIBARCHIVE.xattr.b", "Mg", 0},
                 {"SCHILY.xattr.a", "3", 0}) == TAR_OK &&
              xattr_is(&pax, 0, "b", "1", 1) && xattr_is(&pax, 1, "b", "2", 1) &&
              xattr_is(&pax, 2, "a", "3", 1),
          "attributes come in the order of the header");
    tar_pax_free(&pax);
}

static void test_xattr_names(void)
{
    char key[sizeof "SCHILY.xattr." + 257] = "SCHILY.xattr.";
    struct tar_pax pax = {0};
    memset(key + strlen(key), 'n', 255);
    CHECK(DECODE(&pax, {key, "1", 0}) == TAR_OK && pax.xattrs.count == 1,
          "an attribute's name may have 255 bytes");
    key[strlen(key)] = 'n';
    CHECK(DECODE(&pax, {key, "1", 0}) == TAR_BAD_XATTR,
          "an attribute's name of 256 bytes is refused");
    CHECK(tar_pax_decode(&pax, "20 SCHILY.xattr.\0a=\n", 20) == TAR_BAD_RECORD,
          "an attribute's name with a NUL is refused");
    tar_pax_free(&pax);
}

static void test_acl(void)
{
    struct tar_pax pax = {0};
    const char value[] = "\2\0\0\0\1\0\7\0\377\377\377\377\4\0\5\0\377\377\377\377"
                         "\40\0\0\0\377\377\377\377";
    const char text[] = "user::rwx,group::r-x,other::---";
    CHECK(DECODE(&pax, {"SCHILY.acl.access", text, 0}, {"SCHILY.acl.default", text, 0}) == TAR_OK &&
              xattr_is(&pax, 0, ACL_XATTR_ACCESS, value, sizeof value - 1) &&
              xattr_is(&pax, 1, ACL_XATTR_DEFAULT, value, sizeof value - 1),
          "an ACL in text form becomes an attribute");
    tar_pax_clear(&pax);
    /* The output of GNU tar --acls --xattrs-include=*, with or without --numeric-owner. */
    CHECK(DECODE(&pax, {"SCHILY.acl.access", "user::rwx\nuser:lisa:r-x\n", 0},
                 {"SCHILY.xattr." ACL_XATTR_ACCESS, value, sizeof value - 1}) == TAR_OK &&
              pax.xattrs.count == 1 && xattr_is(&pax, 0, ACL_XATTR_ACCESS, value, sizeof value - 1),
          "a name in an ACL does no harm where the attribute itself stands, too");
    CHECK(DECODE(&pax, {"SCHILY.acl.default", "user:lisa:r-x", 0},
                 {"SCHILY.acl.ace", "owner@:rw:::allow", 0}) == TAR_OK &&
              pax.named_default && pax.nfs4,
          "ACLs with names, and those of NFS version 4, are noted");
    tar_pax_free(&pax);
}

static bool extents_are(const struct tar_pax *pax, const uint64_t (*extents)[2], size_t count)
{
    bool same = pax->sparse.count == count;
    for (size_t i = 0; same && i < count; i++)
        same = pax->sparse.extents[i].offset == extents[i][0] &&
               pax->sparse.extents[i].length == extents[i][1];
    return same;
}

static void test_sparse(void)
{
    static const uint64_t extents[][2] = {{0, 5}, {10, 5}};
    struct tar_pax pax = {0};
    CHECK(DECODE(&pax, {"GNU.sparse.size", "20", 0}, {"GNU.sparse.numblocks", "2", 0},
                 {"GNU.sparse.offset", "0", 0}, {"GNU.sparse.numbytes", "5", 0},
                 {"GNU.sparse.offset", "10", 0}, {"GNU.sparse.numbytes", "5", 0}) == TAR_OK &&
              pax.given == (TAR_PAX_SPARSE_SIZE | TAR_PAX_SPARSE_COUNT | TAR_PAX_SPARSE_PAIRS) &&
              pax.sparse_size == 20 && extents_are(&pax, extents, 2),
          "a map of sparse format 0.0 is decoded");
    tar_pax_clear(&pax);
    CHECK(DECODE(&pax, {"GNU.sparse.size", "20", 0}, {"GNU.sparse.numblocks", "2", 0},
                 {"GNU.sparse.name", "dir/f", 0}, {"GNU.sparse.map", "0,5,10,5", 0}) == TAR_OK &&
              pax.given == (TAR_PAX_SPARSE_SIZE | TAR_PAX_SPARSE_COUNT | TAR_PAX_SPARSE_MAP |
                            TAR_PAX_SPARSE_NAME) &&
              strcmp(pax.sparse_name.bytes, "dir/f") == 0 && extents_are(&pax, extents, 2),
          "a map of sparse format 0.1 is decoded");
    tar_pax_clear(&pax);
    CHECK(DECODE(&pax, {"GNU.sparse.major", "1", 0}, {"GNU.sparse.minor", "0", 0},
                 {"GNU.sparse.name", "f", 0}, {"GNU.sparse.realsize", "20", 0}) == TAR_OK &&
              pax.given == (TAR_PAX_SPARSE_REALSIZE | TAR_PAX_SPARSE_MAJOR | TAR_PAX_SPARSE_MINOR |
                            TAR_PAX_SPARSE_NAME) &&
              pax.sparse_size == 20 && extents_are(&pax, NULL, 0),
          "sparse format 1.0 is recognised");
    tar_pax_free(&pax);
}

static void test_charset(void)
{
    struct tar_pax pax = {0};
    CHECK(DECODE(&pax, {"hdrcharset", "BINARY", 0}, {"path", "caf\351", 0}) == TAR_OK &&
              strcmp(pax.path.bytes, "caf\351") == 0,
          "hdrcharset BINARY is accepted");
    CHECK(DECODE(&pax, {"hdrcharset", "ISO-IR 10646 2000 UTF-8", 0}) == TAR_OK,
          "hdrcharset UTF-8 is accepted");
    CHECK(DECODE(&pax, {"hdrcharset", "", 0}) == TAR_OK, "an empty hdrcharset is accepted");
    tar_pax_free(&pax);
}

#define SIZE                                                                                       \
    {                                                                                              \
        "GNU.sparse.size", "20", 0                                                                 \
    }
#define REALSIZE                                                                                   \
    {                                                                                              \
        "GNU.sparse.realsize", "20", 0                                                             \
    }
#define COUNT(number)                                                                              \
    {                                                                                              \
        "GNU.sparse.numblocks", #number, 0                                                         \
    }
#define OFFSET(number)                                                                             \
    {                                                                                              \
        "GNU.sparse.offset", #number, 0                                                            \
    }
#define LENGTH(number)                                                                             \
    {                                                                                              \
        "GNU.sparse.numbytes", #number, 0                                                          \
    }
#define MAP(text)                                                                                  \
    {                                                                                              \
        "GNU.sparse.map", text, 0                                                                  \
    }
#define VERSION(major, minor)                                                                      \
    {"GNU.sparse.major", major, 0},                                                                \
    {                                                                                              \
        "GNU.sparse.minor", minor, 0                                                               \
    }

static const struct {
    const char *what;
    struct record records[8];
    enum tar_error error;
} refused[] = {
    {"a NUL in a path", {{"path", "a\0b", 3}}, TAR_BAD_PATH},
    {"a NUL in a link", {{"linkpath", "a\0b", 3}}, TAR_BAD_LINK},
    {"a NUL in a sparse name", {{"GNU.sparse.name", "a\0b", 3}}, TAR_BAD_PATH},
    {"a negative size", {{"size", "-1", 0}}, TAR_BAD_NUMBER},
    {"a size with a fraction", {{"size", "1.5", 0}}, TAR_BAD_NUMBER},
    {"a size with a space", {{"size", "1 ", 0}}, TAR_BAD_NUMBER},
    {"a size of 2^64", {{"size", "18446744073709551616", 0}}, TAR_BAD_NUMBER},
    {"a name for a uid", {{"uid", "root", 0}}, TAR_BAD_NUMBER},
    {"a gid with a NUL", {{"gid", "1\0", 2}}, TAR_BAD_NUMBER},
    {"a time without digits", {{"mtime", "-", 0}}, TAR_BAD_TIME},
    {"a time that is a point", {{"mtime", ".", 0}}, TAR_BAD_TIME},
    {"a time without seconds", {{"mtime", ".5", 0}}, TAR_BAD_TIME},
    {"a time with two points", {{"mtime", "1.5.5", 0}}, TAR_BAD_TIME},
    {"a time with two signs", {{"mtime", "--1", 0}}, TAR_BAD_TIME},
    {"a time with a sign in its fraction", {{"mtime", "1.-5", 0}}, TAR_BAD_TIME},
    {"a time with an exponent", {{"mtime", "1e9", 0}}, TAR_BAD_TIME},
    {"a time of 2^64", {{"mtime", "18446744073709551616", 0}}, TAR_BAD_TIME},
    {"a time of 2^63", {{"mtime", "9223372036854775808", 0}}, TAR_BAD_TIME},
    {"a time below -2^63", {{"mtime", "-9223372036854775808.1", 0}}, TAR_BAD_TIME},
    {"an unknown hdrcharset", {{"hdrcharset", "ISO-IR 8859 1 1998", 0}}, TAR_BAD_CHARSET},
    {"the start of a hdrcharset", {{"hdrcharset", "BIN", 0}}, TAR_BAD_CHARSET},
    {"an attribute without a name", {{"SCHILY.xattr.", "1", 0}}, TAR_BAD_XATTR},
    {"a LIBARCHIVE attribute without a name", {{"LIBARCHIVE.xattr.", "QQ", 0}}, TAR_BAD_XATTR},
    {"a LIBARCHIVE attribute that is not base64",
     {{"LIBARCHIVE.xattr.user.a", "!", 0}},
     TAR_BAD_XATTR},
    {"an ACL that is none", {{"SCHILY.acl.access", "rwxr-xr-x", 0}}, TAR_BAD_ACL},
    {"a part of several volumes", {{"GNU.volume.filename", "a", 0}}, TAR_MULTI_VOLUME},
    {"the offset of a part", {{"GNU.volume.offset", "512", 0}}, TAR_MULTI_VOLUME},
    {"a path without a value", {{"path", "", 0}}, TAR_NO_VALUE},
    {"a size without a value", {{"size", "", 0}}, TAR_NO_VALUE},
    {"an atime that is none", {{"atime", "yesterday", 0}}, TAR_BAD_TIME},
    {"a sparse file of star", {{"SCHILY.realsize", "5", 0}}, TAR_SPARSE_RECORDS},
    {"a sparse file of Solaris", {{"SUN.holesdata", "", 0}}, TAR_SPARSE_RECORDS},
    {"a record inside a comment", {{"comment", "a\n12 path=one", 0}}, TAR_HIDDEN_RECORD},
    {"a sparse map of letters", {SIZE, COUNT(1), {"GNU.sparse.map", "a,b", 0}}, TAR_BAD_SPARSE},
    {"a sparse offset without a length", {SIZE, COUNT(1), OFFSET(0)}, TAR_SPARSE_RECORDS},
    {"two sparse offsets", {SIZE, COUNT(1), OFFSET(0), OFFSET(5)}, TAR_SPARSE_RECORDS},
    {"a sparse length without an offset", {SIZE, COUNT(1), LENGTH(5)}, TAR_BAD_SPARSE},
    {"sparse extents that overlap",
     {SIZE, COUNT(2), OFFSET(0), LENGTH(5), OFFSET(4), LENGTH(5)},
     TAR_BAD_SPARSE},
    {"more sparse extents than announced", {SIZE, COUNT(1), MAP("0,4,8,4")}, TAR_SPARSE_RECORDS},
    {"fewer sparse extents than announced", {SIZE, COUNT(2), MAP("0,4")}, TAR_SPARSE_RECORDS},
    {"a sparse map before its number of extents", {SIZE, MAP("0,4"), COUNT(1)}, TAR_SPARSE_RECORDS},
    {"a sparse map without a size", {COUNT(1), MAP("0,4")}, TAR_SPARSE_RECORDS},
    {"an empty sparse map", {SIZE, COUNT(0), MAP("")}, TAR_NO_VALUE},
    {"a sparse size without a map", {SIZE}, TAR_SPARSE_RECORDS},
    {"a sparse name without a map", {{"GNU.sparse.name", "a", 0}}, TAR_SPARSE_RECORDS},
    {"two sparse sizes", {SIZE, SIZE, COUNT(1), MAP("0,4")}, TAR_SPARSE_RECORDS},
    {"two names of a sparse file",
     {{"GNU.sparse.name", "a", 0}, {"GNU.sparse.name", "a", 0}},
     TAR_SPARSE_RECORDS},
    {"sparse format 2.0", {VERSION("2", "0"), REALSIZE}, TAR_SPARSE_RECORDS},
    {"sparse format 1.1", {VERSION("1", "1"), REALSIZE}, TAR_SPARSE_RECORDS},
    {"sparse format 01.0", {VERSION("01", "0"), REALSIZE}, TAR_SPARSE_RECORDS},
    {"sparse format 1.00", {VERSION("1", "00"), REALSIZE}, TAR_SPARSE_RECORDS},
    {"sparse format 1 without a minor",
     {{"GNU.sparse.major", "1", 0}, REALSIZE},
     TAR_SPARSE_RECORDS},
    {"sparse format 1.0 with the size of 0.1", {VERSION("1", "0"), SIZE}, TAR_SPARSE_RECORDS},
    {"sparse format 1.0 with two sizes", {VERSION("1", "0"), REALSIZE, SIZE}, TAR_SPARSE_RECORDS},
    {"sparse format 1.0 with a number of extents",
     {VERSION("1", "0"), REALSIZE, COUNT(1)},
     TAR_SPARSE_RECORDS},
    {"sparse format 1.0 with a map",
     {VERSION("1", "0"), REALSIZE, COUNT(1), MAP("0,4")},
     TAR_SPARSE_RECORDS},
    {"sparse format 0.0 with the map of 0.1",
     {VERSION("0", "0"), SIZE, COUNT(1), MAP("0,4")},
     TAR_SPARSE_RECORDS},
};

static void test_refused(void)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct tar_pax pax = {0};
        CHECK(decode(&pax, refused[i].records) == refused[i].error, "refuses %s", refused[i].what);
        tar_pax_free(&pax);
    }
    struct tar_pax pax = {0};
    CHECK(tar_pax_decode(&pax, "10 path=a\nmore", 14) == TAR_BAD_RECORD,
          "refuses junk behind the records");
    tar_pax_clear(&pax);
    CHECK(tar_pax_decode(&pax, "10 path=a\n\0", 11) == TAR_BAD_RECORD,
          "refuses a NUL behind the records");
    tar_pax_free(&pax);
}

int main(void)
{
    test_values();
    test_passed_over();
    test_time();
    test_xattrs();
    test_xattr_names();
    test_acl();
    test_sparse();
    test_charset();
    test_refused();
    return tap_done();
}
