/*
 * Lists of shell patterns: --exclude, --exclude-from, --xattrs-include, --xattrs-exclude.
 */
#include "diag.h"
#include "globs.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *pattern;
    const char *text;
    bool whole; /* matches all of the text */
    bool path;  /* matches the path, or what is left of it behind a slash */
} table[] = {
    {"a", "a", true, true},
    {"a", "b", false, false},
    {"a", "ab", false, false},
    {"a", "b/a", false, true},
    {"a", "b/c/a", false, true},
    {"a", "a/b", false, false}, /* whoever leaves a directory out does not look into it */
    {"b/a", "c/b/a", false, true},
    {"b/a", "cb/a", false, false},
    {"*", "a/b/c", true, true},
    {"*.o", "x.o", true, true},
    {"*.o", "d/x.o", true, true},
    {"*.o", ".o", true, true},
    {"*.o", "x.oo", false, false},
    {"a*c", "a/b/c", true, true},
    {"a?c", "a/c", true, true},
    {"a[/]c", "a/c", true, true},
    {"*", ".hidden", true, true},
    {"?idden", ".hidden", false, false},
    {"?hidden", ".hidden", true, true},
    {"[a-c]", "b", true, true},
    {"[!a-c]", "b", false, false},
    {"[!a-c]", "x", true, true},
    {"\\*", "*", true, true},
    {"\\*", "a", false, false},
    {"[", "[", true, true},
    {"user.*", "user.x", true, true},
    {"user.*", "user", false, false},
    {"USER.*", "user.x", false, false},
    {"\377", "\377", true, true},
    {"a/", "a", true, true}, /* slashes at the end are dropped */
    {"a//", "b/a", false, true},
    {"/", "/", true, true},
    {"", "", true, true},
    {"", "a", false, false},
};

static void test_table(void)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct globs globs = {0};
        CHECK(globs_add(&globs, table[i].pattern) == STATUS_OK &&
                  globs_match(&globs, table[i].text) == table[i].whole,
              "'%s' %s '%s'", table[i].pattern, table[i].whole ? "matches" : "does not match",
              table[i].text);
        CHECK(globs_match_path(&globs, table[i].text) == table[i].path, "'%s' %s the path '%s'",
              table[i].pattern, table[i].path ? "matches" : "does not match", table[i].text);
        globs_free(&globs);
    }
}

static void test_several(void)
{
    struct globs globs = {0};
    CHECK(!globs_match(&globs, "a") && !globs_match(&globs, "") && !globs_match_path(&globs, "a/b"),
          "no pattern matches nothing");
    char pattern[] = "first";
    (void)globs_add(&globs, pattern);
    (void)globs_add(&globs, "second");
    memset(pattern, 'x', 1);
    CHECK(globs_match(&globs, "first") && globs_match(&globs, "second") &&
              !globs_match(&globs, "third"),
          "any of several patterns matches, and they are copies");
    globs_free(&globs);
    globs_free(&globs);
    CHECK(!globs_match(&globs, "first"), "none is left when they are freed");
}

/* A file with `text`, which is opened as it would be by --exclude-from. */
static enum status lines_add(struct globs *globs, const char *text, size_t length)
{
    char path[] = "/tmp/test_globs-XXXXXX", name[32];
    int fd = mkstemp(path);
    if (fd < 0 || write(fd, text, length) != (ssize_t)length || lseek(fd, 0, SEEK_SET) != 0)
        perror(path);
    (void)unlink(path);
    (void)snprintf(name, sizeof name, "/dev/fd/%d", fd);
    enum status status = globs_add_file(globs, name);
    close(fd);
    return status;
}

static void test_files(void)
{
    static const char text[] = "\n*.o\n\n d/ \n#x\n\r\nlast";
    struct globs globs = {0};
    CHECK(lines_add(&globs, text, strlen(text)) == STATUS_OK && globs.count == 5,
          "empty lines of a file are passed over, the last one needs no newline");
    CHECK(globs_match(&globs, "x.o") && globs_match(&globs, " d/ ") && globs_match(&globs, "#x") &&
              globs_match(&globs, "\r") && globs_match(&globs, "last"),
          "each other line is a pattern, as it stands");
    CHECK(lines_add(&globs, "", 0) == STATUS_OK && globs.count == 5, "an empty file adds none");
    CHECK(lines_add(&globs, "more\n", 5) == STATUS_OK && globs.count == 6, "another one adds its");
    globs_free(&globs);
}

static void test_failures(void)
{
    struct globs globs = {0};
    CHECK(freopen("/dev/null", "w", stderr) != NULL, "messages are not shown");
    CHECK(globs_add_file(&globs, "/nonexistent/file") == STATUS_SYSTEM && globs.count == 0,
          "a file that is missing is a failure");
    CHECK(globs_add_file(&globs, "/") == STATUS_SYSTEM && globs.count == 0,
          "and so is a directory");
    globs_free(&globs);
}

int main(void)
{
    diag_init("test_globs");
    test_table();
    test_several();
    test_files();
    test_failures();
    return tap_done();
}
