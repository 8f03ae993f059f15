/*
 * Lists of shell patterns: --xattrs-include, --xattrs-exclude.
 */
#include "diag.h"
#include "globs.h"
#include "patterns.h"
#include "tap.h"

#include <string.h>

static const struct pattern_case own_patterns[] = {
    {"a", "b/a", false}, {"a", "b/c/a", false}, {"b/a", "c/b/a", false}, {"/", "/", true},
    {"", "", true},      {"a/", "a", false}, /* a name may end with a slash */
    {"a/", "a/", true},
};

static void test_patterns(const struct pattern_case *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
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
    test_patterns(common_patterns, sizeof common_patterns / sizeof common_patterns[0]);
    test_patterns(own_patterns, sizeof own_patterns / sizeof own_patterns[0]);
    test_several();
    return tap_done();
}
