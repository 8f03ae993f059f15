/*
 * Lists of shell patterns: --xattrs-include, --xattrs-exclude.
 */
#include "diag.h"
#include "globs.h"
#include "tap.h"

#include <string.h>

static const struct {
    const char *pattern;
    const char *text;
    bool matches; /* all of the text */
} table[] = {
    {"a", "a", true},
    {"a", "b", false},
    {"a", "ab", false},
    {"a", "b/a", false},
    {"a", "b/c/a", false},
    {"a", "a/b", false},
    {"b/a", "c/b/a", false},
    {"b/a", "cb/a", false},
    {"*", "a/b/c", true},
    {"*.o", "x.o", true},
    {"*.o", "d/x.o", true},
    {"*.o", ".o", true},
    {"*.o", "x.oo", false},
    {"a*c", "a/b/c", true},
    {"a?c", "a/c", true},
    {"a[/]c", "a/c", true},
    {"*", ".hidden", true},
    {"?idden", ".hidden", false},
    {"?hidden", ".hidden", true},
    {"[a-c]", "b", true},
    {"[!a-c]", "b", false},
    {"[!a-c]", "x", true},
    {"\\*", "*", true},
    {"\\*", "a", false},
    {"[", "[", true},
    {"user.*", "user.x", true},
    {"user.*", "user", false},
    {"USER.*", "user.x", false},
    {"\377", "\377", true},
    {"/", "/", true},
    {"", "", true},
    {"", "a", false},
    {"a/", "a", false}, /* a name may end with a slash */
    {"a/", "a/", true},
};

static void test_table(void)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct globs globs = {0};
        CHECK(globs_add(&globs, table[i].pattern) == STATUS_OK &&
                  globs_match(&globs, table[i].text) == table[i].matches,
              "'%s' %s '%s'", table[i].pattern, table[i].matches ? "matches" : "does not match",
              table[i].text);
        globs_free(&globs);
    }
}

static void test_several(void)
{
    struct globs globs = {0};
    CHECK(!globs_match(&globs, "a") && !globs_match(&globs, ""), "no pattern matches nothing");
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

int main(void)
{
    diag_init("test_globs");
    test_table();
    test_several();
    return tap_done();
}
