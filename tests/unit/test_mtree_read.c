/*
 * Manifests read back: what mtree_append() writes, and nothing else.
 */
#include "mtree.h"
#include "mtree_read.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>

#define SHA256 "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define OWNER " mode=0644 uid=0 gid=0"
#define CONTENT " size=5 sha256digest=" SHA256
#define FILE_LINE "./f type=file" OWNER CONTENT

static const char *const accepted[] = {
    ". type=dir mode=0755 uid=0 gid=0",
    FILE_LINE,
    "./a/b type=file mode=7777 uid=4294967294 gid=4294967294 size=9223372036854775807 "
    "sha256digest=" SHA256,
    FILE_LINE " time=1700000000.000000001",
    FILE_LINE " time=-2.500000000",
    FILE_LINE " time=9223372036854775807.999999999",
    FILE_LINE " time=-9223372036854775808.000000000",
    FILE_LINE " time=0.000000000 tags=xattr.user.a\\075b\\054c=AAr/,xattr.user.empty=",
    "./l type=link" OWNER " link=../a\\040b",
    "./h type=file" OWNER " tags=hardlink=./a\\054b",
    "./h type=file" OWNER " time=1.000000000 tags=hardlink=./a",
    "./c type=char" OWNER " device=native,4095,1048575",
    "./b type=block" OWNER " device=native,0,0",
    "./p type=fifo" OWNER,
    "./d/.wh.a type=file" OWNER CONTENT " tags=whiteout",
    "./.wh..wh..opq type=file" OWNER CONTENT " tags=opaque",
    "./.wh.a type=file" OWNER " tags=hardlink=./.wh.b,whiteout",
    "./.wh. type=file" OWNER CONTENT,
    "./\\043a\\040\\075\\134\\054\\052\\133\\077\\012\\011\\177\\201\\377 type=fifo" OWNER,
    "./AZaz09._/+- type=fifo" OWNER,
    "./... type=fifo" OWNER,
};

static const struct {
    const char *text;
    enum mtree_error error;
} refused[] = {
    {"", MTREE_BAD_PATH},
    {"#mtree", MTREE_BAD_PATH},
    {"f type=fifo" OWNER, MTREE_BAD_PATH},
    {"/f type=fifo" OWNER, MTREE_BAD_PATH},
    {"./ type=fifo" OWNER, MTREE_BAD_PATH},
    {".//f type=fifo" OWNER, MTREE_BAD_PATH},
    {"./f/ type=fifo" OWNER, MTREE_BAD_PATH},
    {"./. type=fifo" OWNER, MTREE_BAD_PATH},
    {"./.. type=fifo" OWNER, MTREE_BAD_PATH},
    {"./a/../b type=fifo" OWNER, MTREE_BAD_PATH},
    {"./a/./b type=fifo" OWNER, MTREE_BAD_PATH},
    {"./a\\000b type=fifo" OWNER, MTREE_BAD_PATH},
    {"./a\\400 type=fifo" OWNER, MTREE_BAD_PATH},
    {"./a\\057b type=fifo" OWNER, MTREE_BAD_PATH},
    {"./a\\12 type=fifo" OWNER, MTREE_BAD_PATH},
    {"./a\\ type=fifo" OWNER, MTREE_BAD_PATH},
    {"./a", MTREE_BAD_TYPE},
    {"./a*b type=fifo" OWNER, MTREE_BAD_TYPE},
    {".a type=fifo" OWNER, MTREE_BAD_TYPE},
    {"./f  type=fifo" OWNER, MTREE_BAD_TYPE},
    {"./f type=socket" OWNER, MTREE_BAD_TYPE},
    {"./f type=directory" OWNER, MTREE_BAD_TYPE},
    {"./f" OWNER " type=fifo", MTREE_BAD_TYPE},
    {". type=file" OWNER CONTENT, MTREE_BAD_ROOT},
    {"./f type=fifo mode=644 uid=0 gid=0", MTREE_BAD_MODE},
    {"./f type=fifo mode=0844 uid=0 gid=0", MTREE_BAD_MODE},
    {"./f type=fifo mode=00644 uid=0 gid=0", MTREE_BAD_OWNER},
    {"./f type=fifo mode=0644 uid=00 gid=0", MTREE_BAD_OWNER},
    {"./f type=fifo mode=0644 uid= gid=0", MTREE_BAD_OWNER},
    {"./f type=fifo mode=0644 uid=4294967295 gid=0", MTREE_BAD_OWNER},
    {"./f type=fifo mode=0644 uid=0 gid=4294967296", MTREE_BAD_OWNER},
    {"./f type=fifo mode=0644 uid=0 gid=18446744073709551616", MTREE_BAD_OWNER},
    {"./f type=fifo mode=0644 uid=0 gid=-1", MTREE_BAD_OWNER},
    {"./f type=file" OWNER " size=9223372036854775808 sha256digest=" SHA256, MTREE_BAD_SIZE},
    {"./f type=file" OWNER " size=05 sha256digest=" SHA256, MTREE_BAD_SIZE},
    {"./f type=file" OWNER " size=5", MTREE_BAD_DIGEST},
    {"./f type=file" OWNER " size=5 sha256digest=2cf2", MTREE_BAD_DIGEST},
    {"./f type=file" OWNER " size=5 sha256digest="
     "2CF24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
     MTREE_BAD_DIGEST},
    {FILE_LINE "0", MTREE_BAD_END},
    {"./f type=file" OWNER, MTREE_BAD_TAGS},
    {"./f type=fifo" OWNER CONTENT, MTREE_BAD_END},
    {"./f type=dir" OWNER " link=a", MTREE_BAD_END},
    {"./l type=link" OWNER, MTREE_BAD_LINK},
    {"./l type=link" OWNER " link=", MTREE_BAD_LINK},
    {"./l type=link" OWNER " link=\\141", MTREE_BAD_LINK},
    {"./c type=char" OWNER, MTREE_BAD_DEVICE},
    {"./c type=char" OWNER " device=native,4096,0", MTREE_BAD_DEVICE},
    {"./c type=char" OWNER " device=native,0,1048576", MTREE_BAD_DEVICE},
    {"./c type=char" OWNER " device=native,01,0", MTREE_BAD_DEVICE},
    {"./c type=char" OWNER " device=1,0", MTREE_BAD_DEVICE},
    {"./p type=fifo" OWNER " time=1", MTREE_BAD_TIME},
    {"./p type=fifo" OWNER " time=1.5", MTREE_BAD_TIME},
    {"./p type=fifo" OWNER " time=01.000000000", MTREE_BAD_TIME},
    {"./p type=fifo" OWNER " time=-0.000000000", MTREE_BAD_TIME},
    {"./p type=fifo" OWNER " time=+1.000000000", MTREE_BAD_TIME},
    {"./p type=fifo" OWNER " time=9223372036854775808.000000000", MTREE_BAD_TIME},
    {"./p type=fifo" OWNER " time=-9223372036854775809.000000000", MTREE_BAD_TIME},
    {"./p type=fifo" OWNER " time=1.0000000000", MTREE_BAD_END},
    {"./p type=fifo" OWNER " tags=", MTREE_BAD_TAGS},
    {"./p type=fifo" OWNER " tags=whiteout", MTREE_BAD_TAGS},
    {"./p type=fifo" OWNER " tags=hardlink=./a", MTREE_BAD_TAGS},
    {"./h type=file" OWNER " tags=hardlink=./a,xattr.user.a=AA==", MTREE_BAD_TAGS},
    {"./h type=file" OWNER " tags=hardlink=a", MTREE_BAD_LINK},
    {"./h type=file" OWNER " tags=hardlink=.", MTREE_BAD_LINK},
    {"./h type=file" OWNER " tags=hardlink=./../a", MTREE_BAD_LINK},
    {"./.wh.a type=file" OWNER CONTENT, MTREE_BAD_TAGS},
    {"./.wh.a type=file" OWNER CONTENT " tags=opaque", MTREE_BAD_TAGS},
    {"./.wh.a type=file" OWNER CONTENT " tags=xattr.a=,whiteout", MTREE_BAD_TAGS},
    {"./p type=fifo" OWNER " tags=xattr.=AA==", MTREE_BAD_XATTR},
    {"./p type=fifo" OWNER " tags=xattr.a", MTREE_BAD_XATTR},
    {"./p type=fifo" OWNER " tags=xattr.a=AA", MTREE_BAD_XATTR},
    {"./p type=fifo" OWNER " tags=xattr.a=AB==", MTREE_BAD_XATTR},
    {"./p type=fifo" OWNER " tags=xattr.a=A*==", MTREE_BAD_XATTR},
    {"./p type=fifo" OWNER " tags=xattr.a==", MTREE_BAD_XATTR},
    {"./p type=fifo" OWNER " tags=xattr.a=,xattr.a=", MTREE_BAD_XATTR},
    {"./p type=fifo" OWNER " tags=xattr.b=,xattr.a=", MTREE_BAD_XATTR},
    {"./p type=fifo" OWNER " tags=xattr.a=,", MTREE_BAD_TAGS},
    {"./p type=fifo" OWNER " ", MTREE_BAD_END},
    {"./p type=fifo" OWNER "\r", MTREE_BAD_END},
};

/* The line from memory of exactly its size, so that a sanitizer sees a read behind it. */
static enum mtree_error read_exactly(struct mtree_line *line, const char *text, size_t length)
{
    char *copy = malloc(length > 0 ? length : 1);
    memcpy(copy, text, length);
    enum mtree_error error = mtree_read(line, copy, length);
    free(copy);
    return error;
}

static bool writes_back(const struct mtree_line *line, const char *text)
{
    struct buf out = {0};
    bool same = mtree_append(&out, &line->entry, line->sha256, line->has_time) == 0 &&
                out.length == strlen(text) + 1 && memcmp(out.bytes, text, out.length - 1) == 0;
    buf_free(&out);
    return same;
}

static void test_lines(void)
{
    struct mtree_line line = {0};
    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++)
        CHECK(read_exactly(&line, accepted[i], strlen(accepted[i])) == MTREE_OK &&
                  writes_back(&line, accepted[i]),
              "reads %s", accepted[i]);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        CHECK(read_exactly(&line, refused[i].text, strlen(refused[i].text)) == refused[i].error,
              "%s: %s", mtree_error_text(refused[i].error), refused[i].text);
    CHECK(read_exactly(&line, FILE_LINE "\0", strlen(FILE_LINE) + 1) == MTREE_BAD_END,
          "a NUL is refused");
    mtree_line_free(&line);
}

static void test_values(void)
{
    static const char text[] = "./h\\040 type=file mode=4755 uid=1 gid=2 time=-2.000000003 "
                               "tags=hardlink=./a";
    static const char fifo[] = "./p type=fifo mode=0644 uid=1 gid=2 tags=xattr.user.x=AAH/";
    struct mtree_line line = {0};
    struct xattr xattr = {0};
    CHECK(mtree_read(&line, text, strlen(text)) == MTREE_OK, "a hard link is read");
    const struct tar_entry *entry = &line.entry;
    CHECK(entry->type == TAR_HARDLINK && entry->mode == 04755 && entry->uid == 1 &&
              entry->gid == 2 && line.has_time && entry->mtime.seconds == -2 &&
              entry->mtime.nanoseconds == 3,
          "numbers are read");
    CHECK_TEXT(entry->path, "h ", "a path is relative and unescaped");
    CHECK_TEXT(entry->link, "a", "the target of a hard link is relative, too");
    CHECK(mtree_read(&line, fifo, strlen(fifo)) == MTREE_OK &&
              xattrs_find(&entry->xattrs, "user.x", &xattr) == 0 && xattr.length == 3 &&
              memcmp(xattr.value, "\0\1\377", 3) == 0,
          "the value of an attribute is read");
    CHECK(mtree_read(&line, accepted[0], strlen(accepted[0])) == MTREE_OK && !entry->link &&
              entry->xattrs.count == 0 && !line.has_time && line.sha256[0] == '\0',
          "nothing of the previous line remains");
    mtree_line_free(&line);
}

static void test_lengths(void)
{
    static const struct {
        const char *prefix;
        size_t name;
        bool valid;
    } names[] = {{"", 255, true}, {"", 256, false}, {".wh.", 255, true}, {".wh.", 256, false}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct mtree_line line = {0};
        struct buf text = {0};
        bool whiteout = names[i].prefix[0] != '\0';
        buf_append_format(&text, "./%s", names[i].prefix);
        buf_append_fill(&text, 'a', names[i].name);
        buf_append_text(&text, " type=fifo" OWNER);
        buf_append_text(&text, whiteout ? " tags=whiteout" : "");
        CHECK((mtree_read(&line, text.bytes, text.length) == MTREE_OK) == names[i].valid,
              "%s and a name of %zu bytes", names[i].prefix, names[i].name);
        buf_free(&text);
        mtree_line_free(&line);
    }
}

/* Manifests as lists of paths: "/" at the end for a directory, "=TARGET" for a hard link. */
static const struct {
    const char *what;
    const char *paths[6];
    enum mtree_error error; /* of the last one */
} orders[] = {
    {"only the root", {"./"}, MTREE_OK},
    {"no root", {"a"}, MTREE_NO_ROOT},
    {"a second root", {"./", "a", "./"}, MTREE_BAD_ORDER},
    {"names in byte order", {"./", "!", "-", "A", "a", "\377"}, MTREE_OK},
    {"a sibling before what is below", {"./", "a/", "a-b", "a/c"}, MTREE_BAD_ORDER},
    {"what is below before a sibling", {"./", "a/", "a/c", "a-b"}, MTREE_OK},
    {"a repeated path", {"./", "a", "a"}, MTREE_BAD_ORDER},
    {"a path before the last one", {"./", "b", "a"}, MTREE_BAD_ORDER},
    {"a shorter path", {"./", "ab", "a"}, MTREE_BAD_ORDER},
    {"back to a directory above", {"./", "a/", "a/b/", "a/b/c", "a/d", "b"}, MTREE_OK},
    {"no directory", {"./", "a/b"}, MTREE_NO_PARENT},
    {"another directory", {"./", "a/", "ab/c"}, MTREE_NO_PARENT},
    {"a directory that is a file", {"./", "a", "a/b"}, MTREE_NO_PARENT},
    {"a directory that is missing", {"./", "a/", "a/b/c"}, MTREE_NO_PARENT},
    {"a directory that is over", {"./", "a/", "b", "a/c"}, MTREE_BAD_ORDER},
    {"a whiteout by the name it hides", {"./", "a", ".wh.b", "c"}, MTREE_OK},
    {"a whiteout by its own name", {"./", ".wh.b", "a", "c"}, MTREE_OK},
    {"whiteouts in both ways", {"./", "a", ".wh.b", "c/", "c/.wh.z", "c/b"}, MTREE_BAD_ORDER},
    {"a whiteout of a name that is there", {"./", ".wh.b", "b"}, MTREE_OK},
    {"the same, after the name", {"./", "b", ".wh.b"}, MTREE_BAD_ORDER},
    {"an opaque marker before all names", {"./", "a/", "a/.wh..wh..opq", "a/!"}, MTREE_OK},
    {"an opaque marker after a name", {"./", "a/", "a/x", "a/.wh..wh..opq"}, MTREE_BAD_ORDER},
    {"a hard link to an earlier path", {"./", "a/", "a/x", "b=a/x"}, MTREE_OK},
    {"a hard link to itself", {"./", "b=b"}, MTREE_BAD_TARGET},
    {"a hard link to a later path", {"./", "b=c"}, MTREE_BAD_TARGET},
};

static enum mtree_error order_step(struct mtree_order *order, const char *text)
{
    char copy[40], *path = copy;
    struct tar_entry entry = {.type = TAR_FIFO};
    snprintf(copy, sizeof copy, "%s", text);
    char *link = strchr(path, '=');
    size_t length = link ? (size_t)(link - path) : strlen(path);
    if (link) {
        entry.type = TAR_HARDLINK;
        entry.link = link + 1;
    } else if (path[length - 1] == '/') {
        entry.type = TAR_DIRECTORY;
        length--;
    }
    path[length] = '\0';
    entry.path = path;
    return mtree_order_check(order, &entry);
}

static void test_orders(void)
{
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        struct mtree_order order = {0};
        size_t count = 0;
        enum mtree_error error = MTREE_OK;
        while (count < 6 && orders[i].paths[count] && error == MTREE_OK)
            error = order_step(&order, orders[i].paths[count++]);
        bool last = count == 6 || !orders[i].paths[count];
        CHECK(error == orders[i].error && last, "%s: %s", orders[i].what,
              mtree_error_text(orders[i].error));
        mtree_order_free(&order);
    }
}

int main(void)
{
    test_lines();
    test_values();
    test_lengths();
    test_orders();
    return tap_done();
}
