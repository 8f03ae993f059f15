/*
 * Patterns that mean the same to --exclude and to --xattrs-include.
 */
#ifndef TEST_PATTERNS_H
#define TEST_PATTERNS_H

#include <stdbool.h>

struct pattern_case {
    const char *pattern;
    const char *text;
    bool matches;
};

static const struct pattern_case common_patterns[] = {
    {"a", "a", true},
    {"a", "b", false},
    {"a", "ab", false},
    {"a", "a/b", false},
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
    {"", "a", false},
};

#endif
