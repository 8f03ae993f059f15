/*
 * The lines of a manifest.
 */
#include "mtree.h"
#include "tap.h"

#include <string.h>

#define SHA256 "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

static const struct {
    const char *what;
    struct tar_entry entry;
    const char *sha256;
    bool times;
    const char *line;
} lines[] = {
    {"the root",
     {.path = ".", .type = TAR_DIRECTORY, .mode = 0755},
     NULL,
     false,
     ". type=dir mode=0755 uid=0 gid=0\n"},
    {"a file",
     {.path = "a/b", .mode = 04755, .uid = 1000, .gid = 4294967294, .size = 5},
     SHA256,
     false,
     "./a/b type=file mode=4755 uid=1000 gid=4294967294 size=5 sha256digest=" SHA256 "\n"},
    {"the largest file",
     {.path = "f", .size = INT64_MAX},
     SHA256,
     false,
     "./f type=file mode=0000 uid=0 gid=0 size=9223372036854775807 sha256digest=" SHA256 "\n"},
    {"the largest numbers",
     {.path = "f", .mode = 07777, .uid = UINT32_MAX, .gid = UINT32_MAX, .size = UINT64_MAX},
     SHA256,
     false,
     "./f type=file mode=7777 uid=4294967295 gid=4294967295 size=18446744073709551615 "
     "sha256digest=" SHA256 "\n"},
    {"a file with its time",
     {.path = "f", .mode = 0644, .mtime = {1700000000, 1}},
     SHA256,
     true,
     "./f type=file mode=0644 uid=0 gid=0 size=0 sha256digest=" SHA256
     " time=1700000000.000000001\n"},
    {"a time before 1970",
     {.path = "d", .type = TAR_DIRECTORY, .mtime = {-2, 500000000}},
     NULL,
     true,
     "./d type=dir mode=0000 uid=0 gid=0 time=-2.500000000\n"},
    {"a symbolic link",
     {.path = "l", .type = TAR_SYMLINK, .mode = 0777, .link = "../a b"},
     NULL,
     false,
     "./l type=link mode=0777 uid=0 gid=0 link=../a\\040b\n"},
    {"a hard link, without a size",
     {.path = "h", .type = TAR_HARDLINK, .mode = 0644, .link = "a,b"},
     NULL,
     false,
     "./h type=file mode=0644 uid=0 gid=0 tags=hardlink=./a\\054b\n"},
    {"a character device",
     {.path = "c", .type = TAR_CHAR, .mode = 0666, .major = 1, .minor = 3},
     NULL,
     false,
     "./c type=char mode=0666 uid=0 gid=0 device=native,1,3\n"},
    {"a block device",
     {.path = "b", .type = TAR_BLOCK, .mode = 0660, .major = 4294967295, .minor = 4294967295},
     NULL,
     false,
     "./b type=block mode=0660 uid=0 gid=0 device=native,4294967295,4294967295\n"},
    {"a fifo",
     {.path = "p", .type = TAR_FIFO, .mode = 01600},
     NULL,
     false,
     "./p type=fifo mode=1600 uid=0 gid=0\n"},
    {"a whiteout",
     {.path = "d/.wh.a"},
     SHA256,
     false,
     "./d/.wh.a type=file mode=0000 uid=0 gid=0 size=0 sha256digest=" SHA256 " tags=whiteout\n"},
    {"an opaque marker",
     {.path = ".wh..wh..opq"},
     SHA256,
     false,
     "./.wh..wh..opq type=file mode=0000 uid=0 gid=0 size=0 sha256digest=" SHA256 " tags=opaque\n"},
    {"a whiteout that is a hard link",
     {.path = ".wh.a", .type = TAR_HARDLINK, .link = ".wh.b"},
     NULL,
     false,
     "./.wh.a type=file mode=0000 uid=0 gid=0 tags=hardlink=./.wh.b,whiteout\n"},
    {"a name of all that could be taken for something else",
     {.path = "#a =\\,*[?\n\t\177\201\377", .type = TAR_FIFO},
     NULL,
     false,
     "./\\043a\\040\\075\\134\\054\\052\\133\\077\\012\\011\\177\\201\\377"
     " type=fifo mode=0000 uid=0 gid=0\n"},
    {"a name of all that stands for itself",
     {.path = "AZaz09._/+-", .type = TAR_FIFO},
     NULL,
     false,
     "./AZaz09._/+- type=fifo mode=0000 uid=0 gid=0\n"},
    {"a name that is a path of dots",
     {.path = "...", .type = TAR_FIFO},
     NULL,
     false,
     "./... type=fifo mode=0000 uid=0 gid=0\n"},
};

static bool buf_is(const struct buf *buf, const char *text)
{
    return buf->length == strlen(text) && memcmp(buf->bytes, text, buf->length) == 0;
}

static void test_xattrs(void)
{
    struct tar_entry entry = {.path = "h", .type = TAR_HARDLINK, .link = "."};
    struct buf out = {0};
    xattrs_add(&entry.xattrs, "user.a=b,c", 10, "\0\n\377", 3);
    xattrs_add(&entry.xattrs, "user.empty", 10, "", 0);
    CHECK(mtree_append(&out, &entry, NULL, false) == 0 &&
              buf_is(&out, "./h type=file mode=0000 uid=0 gid=0 "
                           "tags=hardlink=.,xattr.user.a\\075b\\054c=AAr/,xattr.user.empty=\n"),
          "attributes are tags, in their order, in base64");
    buf_free(&out);
    xattrs_free(&entry.xattrs);
}

static void test_long(void)
{
    char name[5000];
    memset(name, '\n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    struct tar_entry entry = {.path = name, .type = TAR_FIFO};
    struct buf out = {0};
    CHECK(mtree_append(&out, &entry, NULL, false) == 0 &&
              out.length ==
                  2 + 4 * (sizeof name - 1) + strlen(" type=fifo mode=0000 uid=0 gid=0\n"),
          "a path of many escaped bytes is written in full");
    CHECK(mtree_append(&out, &entry, NULL, false) == 0 && out.length % 2 == 0 &&
              memcmp(out.bytes, out.bytes + out.length / 2, out.length / 2) == 0,
          "a line is appended to what is there");
    buf_free(&out);
}

/* An error of the caller, which must not cause a read beyond the text. */
int main(void)
{
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct buf out = {0};
        CHECK(mtree_append(&out, &lines[i].entry, lines[i].sha256, lines[i].times) == 0 &&
                  buf_is(&out, lines[i].line),
              "%s", lines[i].what);
        buf_free(&out);
    }
    test_xattrs();
    test_long();
    return tap_done();
}
