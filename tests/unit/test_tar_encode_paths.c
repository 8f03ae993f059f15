/*
 * The canonical tar: how paths and targets of links are stored, by their lengths and bytes.
 */
#include "blocks.h"
#include "buf.h"
#include "tap.h"

#include <stdlib.h>

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
        CHECK(blocks_match(&entry, records.bytes, records.length, &block),
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
        CHECK(blocks_match(&entry, records.bytes, records.length, &block),
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
        blocks_match(&entry, records.bytes, records.length,
                     &(struct block){
                         .name = name.bytes, .link = field.bytes, .type = "2", .mode = "0000777"}),
        "one hdrcharset stands before path and linkpath");
    buf_free(&path);
    buf_free(&link);
    buf_free(&records);
    buf_free(&name);
    buf_free(&field);
}

int main(void)
{
    test_paths();
    test_links();
    test_charset_stands_once();
    return tap_done();
}
