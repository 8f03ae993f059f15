/*
 * The patterns of --exclude and --exclude-from.
 */
#include "diag.h"
#include "exclude.h"
#include "patterns.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct pattern_case own_patterns[] = {
    {"a", "b/a", true},      {"a", "b/c/a", true},
    {"b/a", "c/b/a", true},  {"a/", "a", true}, /* trailing slashes are dropped */
    {"a//", "b/a", true},    {"", "a/b", false},
    {"/a", "a", true}, /* anchored */
    {"/a", "b/a", false},    {"/a", "ab", false},
    {"./a", "a", true},      {"./a", "b/a", false},
    {"././a", "a", true},    {".//a", "a", true},
    {"/./a/", "a", true},    {"//a//", "b/a", false},
    {"/a/b", "a/b", true},   {"/a/b", "c/a/b", false},
    {"/*.o", "d/x.o", true}, /* wildcards match slashes */
    {"./.a", ".a", true},    {".a", "b/.a", true},
    {"..", "a", false},      {"../a", "a", false},
    {"/../a", "a", false},   {"/", "a", false}, /* DIR itself, which can't be excluded */
    {"./", "a", false},      {".", "a", false},
    {"/.", "a", false},      {"a/", "a", true},
    {"\\./a", "b/a", false},
};

static void test_patterns(const struct pattern_case *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct exclude exclude = {0};
        CHECK(exclude_add(&exclude, table[i].pattern) == STATUS_OK &&
                  exclude_matches(&exclude, table[i].text) == table[i].matches,
              "'%s' %s the path '%s'", table[i].pattern,
              table[i].matches ? "matches" : "does not match", table[i].text);
        exclude_free(&exclude);
    }
}

static void test_several(void)
{
    struct exclude exclude = {0};
    CHECK(!exclude_matches(&exclude, "a/b"), "no pattern matches nothing");
    char pattern[] = "first";
    (void)exclude_add(&exclude, pattern);
    (void)exclude_add(&exclude, "/second");
    memset(pattern, 'x', 1);
    CHECK(exclude_matches(&exclude, "d/first") && exclude_matches(&exclude, "second") &&
              !exclude_matches(&exclude, "d/second") && !exclude_matches(&exclude, "third"),
          "each of several patterns matches; they were copied");
    exclude_free(&exclude);
    exclude_free(&exclude);
    CHECK(!exclude_matches(&exclude, "first"), "none is left when they are freed");
}

/* Adds the patterns of a file that contains `text`. */
static enum status lines_add(struct exclude *exclude, const char *text, size_t length)
{
    char path[] = "/tmp/test_exclude-XXXXXX", name[32];
    int fd = mkstemp(path);
    if (fd < 0 || write(fd, text, length) != (ssize_t)length || lseek(fd, 0, SEEK_SET) != 0)
        perror(path);
    (void)unlink(path);
    (void)snprintf(name, sizeof name, "/dev/fd/%d", fd);
    enum status status = exclude_add_file(exclude, name);
    close(fd);
    return status;
}

static void test_files(void)
{
    static const char text[] = "\n*.o\n\n d/ \n#x\n\r\nlast";
    struct exclude exclude = {0};
    CHECK(lines_add(&exclude, text, strlen(text)) == STATUS_OK && exclude.count == 5,
          "empty lines are skipped, and the last line needs no newline");
    CHECK(exclude_matches(&exclude, "x.o") && exclude_matches(&exclude, " d/ ") &&
              exclude_matches(&exclude, "#x") && exclude_matches(&exclude, "\r") &&
              exclude_matches(&exclude, "last"),
          "each other line is a pattern, as it stands");
    CHECK(lines_add(&exclude, "", 0) == STATUS_OK && exclude.count == 5,
          "an empty file adds no pattern");
    CHECK(lines_add(&exclude, "more\n", 5) == STATUS_OK && exclude.count == 6,
          "another file adds its patterns to those that are there");
    exclude_free(&exclude);
}

static void test_long_files(void)
{
    enum { LINES = 3000 };
    static char text[LINES * 8 + 1]; /* lines of eight bytes */
    struct exclude exclude = {0};
    bool all = true;
    for (size_t i = 0; i < LINES; i++)
        (void)snprintf(text + i * 8, 9, "name%zu\n", 100 + i % 900);
    memset(text + 100, 'x', 9000);
    CHECK(lines_add(&exclude, text, strlen(text)) == STATUS_OK, "a long file is read");
    for (size_t i = 2000; i < LINES; i++) {
        text[i * 8 + 7] = '\0';
        all = all && exclude_matches(&exclude, text + i * 8);
    }
    CHECK(all, "all lines of a long file are used");
    exclude_free(&exclude);
}

static void test_failures(void)
{
    struct exclude exclude = {0};
    CHECK(freopen("/dev/null", "w", stderr) != NULL, "messages are not shown");
    CHECK(exclude_add_file(&exclude, "/nonexistent/file") == STATUS_SYSTEM && exclude.count == 0,
          "a missing file is an error");
    CHECK(exclude_add_file(&exclude, "/") == STATUS_SYSTEM && exclude.count == 0,
          "a directory is an error");
    CHECK(lines_add(&exclude, "a\0b\n", 4) == STATUS_USAGE, "a NUL byte is refused");
    exclude_free(&exclude);
}

int main(void)
{
    diag_init("test_exclude");
    test_patterns(common_patterns, sizeof common_patterns / sizeof common_patterns[0]);
    test_patterns(own_patterns, sizeof own_patterns / sizeof own_patterns[0]);
    test_several();
    test_files();
    test_long_files();
    test_failures();
    return tap_done();
}
