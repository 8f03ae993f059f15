/*
 * Paths in archives.
 */
#include "tap.h"
#include "tar_path.h"

#include <string.h>

static const struct {
    const char *text;
    enum tar_error error;
    bool absolute;
    const char *path; /* for TAR_OK */
} table[] = {
    {"a", TAR_OK, false, "a"},
    {"a/b", TAR_OK, false, "a/b"},
    {"a/", TAR_OK, false, "a"},
    {"a//b///", TAR_OK, false, "a/b"},
    {"./a", TAR_OK, false, "a"},
    {".//a", TAR_OK, false, "a"},
    {"a/./b/.", TAR_OK, false, "a/b"},
    {".", TAR_OK, false, "."},
    {"./", TAR_OK, false, "."},
    {"././.", TAR_OK, false, "."},
    {"/", TAR_OK, true, "."},
    {"//.//", TAR_OK, true, "."},
    {"/a", TAR_OK, true, "a"},
    {"//a/b", TAR_OK, true, "a/b"},
    {"...", TAR_OK, false, "..."},
    {"..a", TAR_OK, false, "..a"},
    {"a..", TAR_OK, false, "a.."},
    {".a/..b", TAR_OK, false, ".a/..b"},
    {" ", TAR_OK, false, " "},
    {"a\\..\\b", TAR_OK, false, "a\\..\\b"},
    {"a\nb", TAR_OK, false, "a\nb"},
    {"\377\200", TAR_OK, false, "\377\200"},
    {"", TAR_BAD_PATH, false, NULL},
    {"..", TAR_BAD_PATH, false, NULL},
    {"../", TAR_BAD_PATH, false, NULL},
    {"/..", TAR_BAD_PATH, true, NULL},
    {"a/..", TAR_BAD_PATH, false, NULL},
    {"a/../b", TAR_BAD_PATH, false, NULL},
    {"a/..//b", TAR_BAD_PATH, false, NULL},
    {"./../a", TAR_BAD_PATH, false, NULL},
};

static void test_table(void)
{
    struct buf path = {0};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        bool absolute = false;
        enum tar_error error = tar_path_normalise(table[i].text, &path, &absolute);
        bool same = error == table[i].error;
        if (same && error == TAR_OK)
            same = strcmp(path.bytes, table[i].path) == 0 && path.length == strlen(table[i].path);
        CHECK(same, "'%s' is %s", table[i].text, table[i].path ? table[i].path : "refused");
        CHECK(absolute == table[i].absolute, "'%s' is%s absolute", table[i].text,
              table[i].absolute ? "" : " not");
    }
    buf_free(&path);
}

/* `absolute` is set if any path so far was absolute. */
static void test_absolute_stays(void)
{
    struct buf path = {0};
    bool absolute = true;
    CHECK(tar_path_normalise("a", &path, &absolute) == TAR_OK && absolute,
          "a relative path does not reset the mark");
    buf_free(&path);
}

/* Makes a path of a component, which begins with `start` and has `length` more bytes, and an end.
 */
static enum tar_error normalise_component(const char *start, size_t length, const char *rest,
                                          struct buf *path)
{
    struct buf text = {0};
    bool absolute = false;
    (void)buf_append_text(&text, "d/");
    (void)buf_append_text(&text, start);
    (void)buf_append_fill(&text, 'n', length);
    (void)buf_append(&text, rest, strlen(rest) + 1);
    enum tar_error error = tar_path_normalise(text.bytes, path, &absolute);
    buf_free(&text);
    return error;
}

static void test_components(void)
{
    struct buf path = {0};
    CHECK(normalise_component("", 255, "/x", &path) == TAR_OK && path.length == 2 + 255 + 2,
          "a component of 255 bytes is accepted");
    CHECK(normalise_component("", 256, "/x", &path) == TAR_BAD_NAME_LENGTH,
          "a component of 256 bytes is refused");
    CHECK(normalise_component("", 256, "", &path) == TAR_BAD_NAME_LENGTH,
          "the last component must not be longer either");
    CHECK(normalise_component(".wh.", 255, "", &path) == TAR_OK &&
              normalise_component(".wh.", 255, "//", &path) == TAR_OK && path.length == 2 + 4 + 255,
          "a whiteout may hide a name of 255 bytes");
    CHECK(normalise_component(".wh.", 256, "", &path) == TAR_BAD_NAME_LENGTH,
          "a whiteout of a longer name is refused");
    CHECK(normalise_component(".wh.", 252, "/x", &path) == TAR_BAD_NAME_LENGTH &&
              normalise_component(".wh.", 252, "/.", &path) == TAR_BAD_NAME_LENGTH &&
              normalise_component(".wh.", 251, "/x", &path) == TAR_OK,
          "only the last component is a whiteout");
    CHECK(normalise_component("wh..", 252, "", &path) == TAR_BAD_NAME_LENGTH,
          "only that beginning makes one");
    buf_free(&path);
}

static void test_long(void)
{
    enum { COUNT = 100000 };
    struct buf text = {0}, path = {0};
    bool absolute = false;
    for (int i = 0; i < COUNT; i++)
        (void)buf_append_text(&text, "./a/");
    (void)buf_append(&text, "", 1);
    CHECK(tar_path_normalise(text.bytes, &path, &absolute) == TAR_OK &&
              path.length == (size_t)2 * COUNT - 1,
          "a path may have any number of components");
    CHECK(tar_path_normalise("b", &path, &absolute) == TAR_OK && strcmp(path.bytes, "b") == 0 &&
              path.length == 1,
          "the buffer is used again");
    buf_free(&text);
    buf_free(&path);
}

static void test_compare(void)
{
    /* In the order of the walk; each text comes before all that follow. */
    static const char *const sorted[] = {".", "a", "a/b", "a/b/c", "a-b", "a0", "ab", "b", "\377"};
    enum { COUNT = sizeof sorted / sizeof sorted[0] };
    for (int i = 0; i < COUNT; i++) {
        for (int k = 0; k < COUNT; k++) {
            const int order = tar_path_compare(sorted[i], sorted[k]);
            CHECK((order > 0) - (order < 0) == (i > k) - (i < k), "'%s' %s '%s'", sorted[i],
                  i < k   ? "comes before"
                  : i > k ? "comes after"
                          : "equals",
                  sorted[k]);
        }
    }
}

int main(void)
{
    test_table();
    test_absolute_stays();
    test_components();
    test_long();
    test_compare();
    return tap_done();
}
