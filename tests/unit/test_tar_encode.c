/*
 * The canonical tar, byte for byte. Blocks are given as the text of each field; the checksums were
 * computed by another program.
 */
#include "tap.h"
#include "tar_encode.h"
#include "tar_header.h"

#include <stdlib.h>
#include <string.h>

/* A header block. NULL stands for a field's usual value. */
struct block {
    const char *name;
    const char *mode, *uid, *gid;
    const char *size, *mtime;
    const char *checksum;
    const char *type;
    const char *link;
    const char *major, *minor;
    const char *prefix;
};

static void field_put(char *block, size_t offset, const char *text, const char *otherwise)
{
    if (!text)
        text = otherwise;
    for (size_t i = 0; text[i]; i++)
        block[offset + i] = text[i];
}

/* Computes the checksum unless it is given. */
static void block_fill(char *block, const struct block *fields)
{
    memset(block, 0, 512);
    field_put(block, 0, fields->name, "");
    field_put(block, 100, fields->mode, "0000644");
    field_put(block, 108, fields->uid, "0000000");
    field_put(block, 116, fields->gid, "0000000");
    field_put(block, 124, fields->size, "00000000000");
    field_put(block, 136, fields->mtime, "00000000000");
    field_put(block, 148, "        ", NULL);
    field_put(block, 156, fields->type, "0");
    field_put(block, 157, fields->link, "");
    field_put(block, 257, "ustar", NULL);
    field_put(block, 263, "00", NULL);
    field_put(block, 329, fields->major, "0000000");
    field_put(block, 337, fields->minor, "0000000");
    field_put(block, 345, fields->prefix, "");
    char sum[8];
    unsigned total = 0;
    for (size_t i = 0; i < 512; i++)
        total += (unsigned char)block[i];
    (void)snprintf(sum, sizeof sum, "%06o", total & 0777777);
    field_put(block, 148, fields->checksum, sum);
    block[154] = '\0';
}

/* The expected blocks of an entry: an extended header if it has records, and its own header. */
static void expect(struct buf *out, const char *records, size_t length, const struct block *fields)
{
    char block[512];
    if (length > 0) {
        char size[32];
        (void)snprintf(size, sizeof size, "%011zo", length);
        block_fill(block, &(struct block){.name = "PaxHeaders", .size = size, .type = "x"});
        buf_append(out, block, sizeof block);
        buf_append(out, records, length);
        buf_append_fill(out, 0, (512 - length % 512) % 512);
    }
    block_fill(block, fields);
    buf_append(out, block, sizeof block);
}

static bool entry_becomes(const struct tar_entry *entry, const char *records, size_t length,
                          const struct block *fields)
{
    struct buf out = {0}, expected = {0};
    expect(&expected, records, length, fields);
    bool same = tar_encode_entry(entry, &out) == 0 && out.length == expected.length &&
                memcmp(out.bytes, expected.bytes, out.length) == 0;
    buf_free(&out);
    buf_free(&expected);
    return same;
}

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
        CHECK(entry_becomes(&golden[i].entry, NULL, 0, &golden[i].block), "%s is one block",
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
        CHECK(entry_becomes(&extended[i].entry, extended[i].records, strlen(extended[i].records),
                            &extended[i].block),
              "%s is in an extended header", extended[i].what);
}

/* Expands "100n" to a hundred n's, "d/2n" to "d/nn". The caller frees the text. */
static struct buf expand(const char *pattern)
{
    struct buf text = {0};
    while (*pattern) {
        char *end = NULL;
        unsigned long count = *pattern >= '1' && *pattern <= '9' ? strtoul(pattern, &end, 10) : 1;
        pattern = end ? end : pattern;
        buf_append_fill(&text, *pattern++, count);
    }
    buf_append(&text, "", 1);
    text.length--;
    return text;
}

static const struct {
    const char *path; /* patterns, as above */
    enum tar_type type;
    const char *record; /* the start of the path's record, up to the path; NULL for no record */
    const char *prefix, *name;
} paths[] = {
    {"100n", TAR_FILE, NULL, "", "100n"},
    {"d/98n", TAR_FILE, NULL, "", "d/98n"},
    {"101n", TAR_FILE, "111 path=", "", "100n"},
    {"d/99n", TAR_FILE, NULL, "d", "99n"},
    {"99d/n", TAR_FILE, NULL, "99d", "n"},
    {"d/100n", TAR_FILE, NULL, "d", "100n"},
    {"d/101n", TAR_FILE, "113 path=", "", "d/98n"},
    {"155p/99n", TAR_FILE, NULL, "155p", "99n"},
    {"155p/100n", TAR_FILE, NULL, "155p", "100n"},
    {"155p/101n", TAR_FILE, "267 path=", "", "100p"},
    {"156p/98n", TAR_FILE, "265 path=", "", "100p"},
    {"156p/99n", TAR_FILE, "266 path=", "", "100p"},
    {"255n", TAR_FILE, "265 path=", "", "100n"},
    {"100a/153b/n", TAR_FILE, "266 path=", "", "100a"},
    /* The shortest prefix. */
    {"50a/40b/40c/30d", TAR_FILE, NULL, "50a/40b", "40c/30d"},
    {"50a/50b/50c/100n", TAR_FILE, NULL, "50a/50b/50c", "100n"},
    {"99d", TAR_DIRECTORY, NULL, "", "99d/"},
    {"100d", TAR_DIRECTORY, "111 path=", "", "100d"},
    {"a/99d", TAR_DIRECTORY, NULL, "a", "99d/"},
    {"a/100d", TAR_DIRECTORY, "113 path=", "", "a/98d"},
    {"155p/99d", TAR_DIRECTORY, NULL, "155p", "99d/"},
    {"155p/100d", TAR_DIRECTORY, "267 path=", "", "100p"},
    {"255d", TAR_DIRECTORY, "266 path=", "", "100d"},
    /* Bytes that are not UTF-8. */
    {"100\377", TAR_FILE, NULL, "", "100\377"},
    {"\377/100n", TAR_FILE, NULL, "\377", "100n"},
    {"101\377", TAR_FILE, "21 hdrcharset=BINARY\n111 path=", "", "100\377"},
    {"100n\377", TAR_DIRECTORY, "21 hdrcharset=BINARY\n112 path=", "", "100n"},
    {"99n\303\251", TAR_FILE, "111 path=", "", "99n\303"},
};

static void test_paths(void)
{
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct buf path = expand(paths[i].path), records = {0};
        struct buf prefix = expand(paths[i].prefix), name = expand(paths[i].name);
        bool directory = paths[i].type == TAR_DIRECTORY;
        struct tar_entry entry = {.path = path.bytes, .type = paths[i].type, .mode = 0644};
        if (paths[i].record) {
            buf_append_text(&records, paths[i].record);
            buf_append_text(&records, path.bytes);
            buf_append_text(&records, directory ? "/\n" : "\n");
        }
        struct block block = {
            .name = name.bytes, .prefix = prefix.bytes, .type = directory ? "5" : "0"};
        CHECK(entry_becomes(&entry, records.bytes, records.length, &block),
              "%s %zu: a path of %zu bytes is %s", directory ? "directory" : "file", i + 1,
              path.length + directory,
              paths[i].record        ? "in a record"
              : prefix.bytes[0] != 0 ? "split"
                                     : "in the name");
        buf_free(&path);
        buf_free(&records);
        buf_free(&prefix);
        buf_free(&name);
    }
}

static void test_links(void)
{
    static const struct {
        const char *link;
        enum tar_type type;
        const char *record;
        const char *field;
    } table[] = {
        {"100t", TAR_SYMLINK, NULL, "100t"},
        {"101t", TAR_SYMLINK, "115 linkpath=", "100t"},
        {"50t/50t", TAR_SYMLINK, "115 linkpath=", "50t/49t"},
        {"100t", TAR_HARDLINK, NULL, "100t"},
        {"101t", TAR_HARDLINK, "115 linkpath=", "100t"},
        {"4095t", TAR_SYMLINK, "4110 linkpath=", "100t"},
        {"100\377", TAR_SYMLINK, NULL, "100\377"},
        {"101\377", TAR_SYMLINK, "21 hdrcharset=BINARY\n115 linkpath=", "100\377"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct buf link = expand(table[i].link), field = expand(table[i].field), records = {0};
        struct tar_entry entry = {
            .path = "l", .link = link.bytes, .type = table[i].type, .mode = 0644};
        if (table[i].record) {
            buf_append_text(&records, table[i].record);
            buf_append_text(&records, link.bytes);
            buf_append_text(&records, "\n");
        }
        struct block block = {
            .name = "l", .link = field.bytes, .type = table[i].type == TAR_SYMLINK ? "2" : "1"};
        CHECK(entry_becomes(&entry, records.bytes, records.length, &block),
              "%s %zu: a target of %zu bytes is in %s",
              table[i].type == TAR_SYMLINK ? "symbolic link" : "hard link", i + 1, link.length,
              table[i].record ? "a record" : "its field");
        buf_free(&link);
        buf_free(&field);
        buf_free(&records);
    }
}

static void test_charset_stands_once(void)
{
    struct buf path = expand("101\377"), link = expand("101\376"), records = {0};
    struct buf name = expand("100\377"), field = expand("100\376");
    struct tar_entry entry = {
        .path = path.bytes, .link = link.bytes, .type = TAR_SYMLINK, .mode = 0777};
    buf_append_text(&records, "21 hdrcharset=BINARY\n111 path=");
    buf_append_text(&records, path.bytes);
    buf_append_text(&records, "\n115 linkpath=");
    buf_append_text(&records, link.bytes);
    buf_append_text(&records, "\n");
    CHECK(
        entry_becomes(&entry, records.bytes, records.length,
                      &(struct block){
                          .name = name.bytes, .link = field.bytes, .type = "2", .mode = "0000777"}),
        "one hdrcharset stands before path and linkpath");
    buf_free(&path);
    buf_free(&link);
    buf_free(&records);
    buf_free(&name);
    buf_free(&field);
}

static void test_xattrs(void)
{
    static const char records[] = "30 mtime=1700000000.000000001\n"
                                  "33 SCHILY.xattr.user.%3D%25=\0\n\0\377\n"
                                  "28 SCHILY.xattr.user.empty=\n";
    struct tar_entry entry = {.path = "f", .mode = 0644, .mtime = {1700000000, 1}};
    xattrs_add(&entry.xattrs, "user.=%", 7, "\0\n\0\377", 4);
    xattrs_add(&entry.xattrs, "user.empty", 10, "", 0);
    CHECK(entry_becomes(&entry, records, sizeof records - 1,
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
    test_paths();
    test_links();
    test_charset_stands_once();
    test_xattrs();
    test_padding();
    test_append();
    return tap_done();
}
