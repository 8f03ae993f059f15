/*
 * The canonical tar, byte for byte. Blocks are given as the text of each field; the checksums were
 * computed by another program.
 */
#include "blocks.h"
#include "tap.h"
#include "tar_encode.h"
#include "tar_header.h"

#include <string.h>

static const struct {
    const char *what;
    struct tar_entry entry;
    struct block block;
} golden[] = {
    {"the root",
     {.path = ".", .type = TAR_DIRECTORY, .mode = 0755, .mtime = {1700000000, 0}},
     {.name = "./", .mode = "0000755", .mtime = "14524770400", .type = "5", .checksum = "007404"}},
    {"a file",
     {.path = "hello.txt",
      .mode = 0644,
      .uid = 1000,
      .gid = 1000,
      .size = 5,
      .mtime = {1700000000, 0}},
     {.name = "hello.txt",
      .uid = "0001750",
      .gid = "0001750",
      .size = "00000000005",
      .mtime = "14524770400",
      .checksum = "011140"}},
    {"a setuid file",
     {.path = "su", .mode = 04755, .size = 1},
     {.name = "su", .mode = "0004755", .size = "00000000001", .checksum = "007555"}},
    {"a directory",
     {.path = "d", .type = TAR_DIRECTORY, .mode = 02775, .uid = 1000, .gid = 100, .mtime = {1, 0}},
     {.name = "d/",
      .mode = "0002775",
      .uid = "0001750",
      .gid = "0000144",
      .mtime = "00000000001",
      .type = "5",
      .checksum = "007463"}},
    {"a symbolic link",
     {.path = "l", .type = TAR_SYMLINK, .link = "../target", .mode = 0777, .mtime = {1, 0}},
     {.name = "l",
      .mode = "0000777",
      .mtime = "00000000001",
      .type = "2",
      .link = "../target",
      .checksum = "011005"}},
    {"a hard link",
     {.path = "h",
      .type = TAR_HARDLINK,
      .link = "hello.txt",
      .mode = 0644,
      .uid = 1000,
      .gid = 1000,
      .mtime = {1700000000, 0}},
     {.name = "h",
      .uid = "0001750",
      .gid = "0001750",
      .mtime = "14524770400",
      .type = "1",
      .link = "hello.txt",
      .checksum = "011304"}},
    {"a character device",
     {.path = "null", .type = TAR_CHAR, .mode = 0666, .major = 1, .minor = 3},
     {.name = "null",
      .mode = "0000666",
      .type = "3",
      .major = "0000001",
      .minor = "0000003",
      .checksum = "010103"}},
    {"a block device",
     {.path = "sda1", .type = TAR_BLOCK, .mode = 0660, .gid = 6, .major = 8, .minor = 1},
     {.name = "sda1",
      .mode = "0000660",
      .gid = "0000006",
      .type = "4",
      .major = "0000010",
      .minor = "0000001",
      .checksum = "007760"}},
    {"a fifo",
     {.path = "pipe", .type = TAR_FIFO, .mode = 0600},
     {.name = "pipe", .mode = "0000600", .type = "6", .checksum = "010051"}},
    {"a whiteout",
     {.path = ".wh.gone"},
     {.name = ".wh.gone", .mode = "0000000", .checksum = "010523"}},
    {"an opaque marker",
     {.path = "d/.wh..wh..opq"},
     {.name = "d/.wh..wh..opq", .mode = "0000000", .checksum = "011366"}},
    {"a path that is not UTF-8",
     {.path = "caf\351", .mode = 0644},
     {.name = "caf\351", .checksum = "010220"}},
    {"the largest numbers that ustar holds",
     {.path = "big",
      .mode = 0644,
      .uid = 2097151,
      .gid = 2097151,
      .size = (UINT64_C(1) << 33) - 1,
      .mtime = {(INT64_C(1) << 33) - 1, 0}},
     {.name = "big",
      .uid = "7777777",
      .gid = "7777777",
      .size = "77777777777",
      .mtime = "77777777777",
      .checksum = "010253"}},
};

static void test_golden(void)
{
    for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++)
        CHECK(blocks_match(&golden[i].entry, NULL, 0, &golden[i].block), "%s is one block",
              golden[i].what);
}

static const struct {
    const char *what;
    struct tar_entry entry;
    const char *records;
    struct block block;
} extended[] = {
    {"uid 2097152",
     {.path = "f", .mode = 0644, .uid = 2097152},
     "15 uid=2097152\n",
     {.name = "f", .uid = "7777777"}},
    {"gid 4294967294",
     {.path = "f", .mode = 0644, .gid = 4294967294},
     "18 gid=4294967294\n",
     {.name = "f", .gid = "7777777"}},
    {"8 GiB",
     {.path = "f", .mode = 0644, .size = UINT64_C(1) << 33},
     "19 size=8589934592\n",
     {.name = "f", .size = "77777777777"}},
    {"mtime -1", {.path = "f", .mode = 0644, .mtime = {-1, 0}}, "12 mtime=-1\n", {.name = "f"}},
    {"mtime -1.5",
     {.path = "f", .mode = 0644, .mtime = {-2, 500000000}},
     "14 mtime=-1.5\n",
     {.name = "f"}},
    {"mtime -0.000000001",
     {.path = "f", .mode = 0644, .mtime = {-1, 999999999}},
     "22 mtime=-0.000000001\n",
     {.name = "f"}},
    {"mtime 2^33",
     {.path = "f", .mode = 0644, .mtime = {INT64_C(1) << 33, 0}},
     "20 mtime=8589934592\n",
     {.name = "f", .mtime = "77777777777"}},
    {"mtime 0.5",
     {.path = "f", .mode = 0644, .mtime = {0, 500000000}},
     "13 mtime=0.5\n",
     {.name = "f"}},
    {"mtime 1 ns after a second",
     {.path = "f", .mode = 0644, .mtime = {1700000000, 1}},
     "30 mtime=1700000000.000000001\n",
     {.name = "f", .mtime = "14524770400"}},
    {"everything at once, in a fixed order",
     {.path = "f",
      .mode = 0644,
      .uid = 2097152,
      .gid = 2097153,
      .size = UINT64_C(1) << 33,
      .mtime = {0, 1}},
     "19 size=8589934592\n15 uid=2097152\n15 gid=2097153\n21 mtime=0.000000001\n",
     {.name = "f", .uid = "7777777", .gid = "7777777", .size = "77777777777"}},
};

static void test_extended(void)
{
    for (size_t i = 0; i < sizeof extended / sizeof extended[0]; i++)
        CHECK(blocks_match(&extended[i].entry, extended[i].records, strlen(extended[i].records),
                           &extended[i].block),
              "%s is in an extended header", extended[i].what);
}

static void test_xattrs(void)
{
    static const char records[] = "30 mtime=1700000000.000000001\n"
                                  "33 SCHILY.xattr.user.%3D%25=\0\n\0\377\n"
                                  "28 SCHILY.xattr.user.empty=\n";
    struct tar_entry entry = {.path = "f", .mode = 0644, .mtime = {1700000000, 1}};
    xattrs_add(&entry.xattrs, "user.=%", 7, "\0\n\0\377", 4);
    xattrs_add(&entry.xattrs, "user.empty", 10, "", 0);
    CHECK(blocks_match(&entry, records, sizeof records - 1,
                       &(struct block){.name = "f", .mtime = "14524770400"}),
          "attributes stand last, in their order, with any bytes or none");
    xattrs_free(&entry.xattrs);
}

/* Records are padded to whole blocks, with no padding if they fill the last one. */
static void test_padding(void)
{
    static const struct {
        size_t value;
        size_t records;
        size_t blocks;
    } table[] = {{488, 511, 3}, {489, 512, 3}, {490, 513, 4}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct tar_entry entry = {.path = "f", .mode = 0644};
        struct buf out = {0}, value = {0};
        buf_append_fill(&value, 'v', table[i].value);
        xattrs_add(&entry.xattrs, "user", 4, value.bytes, value.length);
        struct tar_header header = {0};
        CHECK(tar_encode_entry(&entry, &out) == 0 &&
                  tar_header_decode(out.bytes, &header) == TAR_OK &&
                  header.size == table[i].records && out.length == 512 * table[i].blocks,
              "%zu bytes of records make %zu blocks with the headers", table[i].records,
              table[i].blocks);
        xattrs_free(&entry.xattrs);
        buf_free(&out);
        buf_free(&value);
    }
}

static void test_append(void)
{
    struct tar_entry entry = {.path = "f", .mode = 0644};
    struct buf out = {0};
    buf_append_fill(&out, 'x', 512);
    CHECK(tar_encode_entry(&entry, &out) == 0 && tar_encode_entry(&entry, &out) == 0 &&
              out.length == (size_t)3 * 512 && out.bytes[511] == 'x' &&
              memcmp(out.bytes + 512, out.bytes + 1024, 512) == 0,
          "an entry is appended to what is there");
    buf_free(&out);
}

int main(void)
{
    test_golden();
    test_extended();
    test_xattrs();
    test_padding();
    test_append();
    return tap_done();
}
