/*
 * The list of extended attributes.
 */
#include "tap.h"
#include "xattrs.h"

#include <string.h>

/* Adds an attribute whose value is text. */
static int add(struct xattrs *list, const char *name, const char *value)
{
    return xattrs_add(list, name, strlen(name), value, strlen(value));
}

static bool xattr_is(struct xattr xattr, const char *name, const void *value, size_t length)
{
    return strcmp(xattr.name, name) == 0 && xattr.length == length &&
           memcmp(xattr.value, value, length) == 0;
}

/* Whether the list's names and values are these, "NAME=VALUE NAME=VALUE...", in this order. */
static bool list_is(const struct xattrs *list, const char *expected)
{
    struct buf text = {0};
    for (size_t i = 0; i < list->count; i++) {
        struct xattr xattr = xattrs_get(list, i);
        buf_append_text(&text, i > 0 ? " " : "");
        buf_append_text(&text, xattr.name);
        buf_append_text(&text, "=");
        buf_append(&text, xattr.value, xattr.length);
    }
    bool same = text.length == strlen(expected) &&
                (text.length == 0 || memcmp(text.bytes, expected, text.length) == 0);
    buf_free(&text);
    return same;
}

static void test_values(void)
{
    struct xattrs list = {0};
    CHECK(xattrs_add(&list, "user.binaryXX", 11, "\0\n=\0", 4) == 0 &&
              xattr_is(xattrs_get(&list, 0), "user.binary", "\0\n=\0", 4),
          "a value keeps its NULs; a name ends where its length says");
    CHECK(xattrs_add(&list, "user.empty", 10, NULL, 0) == 0 &&
              xattr_is(xattrs_get(&list, 1), "user.empty", "", 0),
          "a value may be empty");
    CHECK(xattrs_add(&list, "user.space", 10, "bbb", 3) == 0, "space for a value is given");
    memset(xattrs_value(&list, 2), 'a', 3);
    CHECK(xattr_is(xattrs_get(&list, 2), "user.space", "aaa", 3), "a value is filled in later");
    xattrs_free(&list);
    CHECK(list.count == 0 && !list.slots && !list.text.bytes, "a freed list is empty");
    xattrs_free(&list);
}

static void test_finish(void)
{
    static const struct {
        const char *what;
        const char *pairs[6][2];
        const char *expected;
    } table[] = {
        {"leaves an empty list", {{0}}, ""},
        {"leaves a single attribute", {{"a", "1"}}, "a=1"},
        {"sorts", {{"c", "1"}, {"a", "2"}, {"b", "3"}}, "a=2 b=3 c=1"},
        {"puts a name before those it begins",
         {{"ab", "1"}, {"a", "2"}, {"a.b", "3"}},
         "a=2 a.b=3 ab=1"},
        {"sorts by bytes without a sign",
         {{"\377", "1"}, {"a", "2"}, {"Z", "3"}},
         "Z=3 a=2 \377=1"},
        {"keeps the last of two", {{"a", "1"}, {"a", "2"}}, "a=2"},
        {"keeps the last of many",
         {{"b", "1"}, {"a", "2"}, {"b", "3"}, {"a", "4"}, {"b", "5"}, {"c", "6"}},
         "a=4 b=5 c=6"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct xattrs list = {0};
        for (size_t j = 0; j < 6 && table[i].pairs[j][0]; j++)
            add(&list, table[i].pairs[j][0], table[i].pairs[j][1]);
        xattrs_finish(&list);
        CHECK(list_is(&list, table[i].expected), "finishing %s", table[i].what);
        xattrs_free(&list);
    }
}

static void test_find_and_remove(void)
{
    struct xattrs list = {0};
    struct xattr found = {0};
    add(&list, "a", "1");
    add(&list, "b", "2");
    add(&list, "a", "3");
    add(&list, "ab", "4");
    CHECK(xattrs_find(&list, "a", &found) == 0 && xattr_is(found, "a", "3", 1),
          "the last of a name is found");
    CHECK(xattrs_find(&list, "c", &found) == -1, "a name that is not there is not found");
    CHECK(xattrs_find(&list, "", &found) == -1, "an empty name is not found");
    xattrs_remove(&list, 1);
    CHECK(list_is(&list, "a=1 a=3 ab=4"), "an attribute is removed from the middle");
    xattrs_remove(&list, 2);
    CHECK(list_is(&list, "a=1 a=3"), "an attribute is removed from the end");
    xattrs_remove(&list, 0);
    xattrs_remove(&list, 0);
    CHECK(list.count == 0, "all attributes are removed");
    xattrs_free(&list);
}

static void test_copy_and_clear(void)
{
    struct xattrs list = {0}, other = {0};
    add(&list, "a", "1");
    xattrs_add(&other, "b", 1, "\0", 1);
    add(&other, "c", "");
    CHECK(xattrs_copy(&list, &other) == 0 && list.count == 3 &&
              xattr_is(xattrs_get(&list, 1), "b", "\0", 1) &&
              xattr_is(xattrs_get(&list, 2), "c", "", 0),
          "a list is appended to another");
    xattrs_clear(&list);
    CHECK(list.count == 0, "a cleared list is empty");
    add(&list, "d", "4");
    CHECK(list_is(&list, "d=4") && other.count == 2, "a cleared list can be filled again");
    xattrs_free(&list);
    xattrs_free(&other);
}

static void test_many(void)
{
    struct xattrs list = {0};
    const size_t count = 20000;
    bool sorted = true;
    for (size_t i = 0; i < count; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "user.%05zu", i * 7919 % count);
        add(&list, name, name);
    }
    xattrs_finish(&list);
    for (size_t i = 0; i < list.count; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "user.%05zu", i);
        sorted = sorted && xattr_is(xattrs_get(&list, i), name, name, strlen(name));
    }
    CHECK(list.count == count && sorted, "%zu attributes are kept and sorted", count);
    xattrs_free(&list);
}

int main(void)
{
    test_values();
    test_finish();
    test_find_and_remove();
    test_copy_and_clear();
    test_many();
    return tap_done();
}
