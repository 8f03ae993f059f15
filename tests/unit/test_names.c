/*
 * The names in a directory. Works in a new directory below TMPDIR.
 */
#include "names.h"
#include "tap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_directory(const char *path)
{
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void file_make(int directory, const char *name)
{
    int fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
}

static void test_empty(int scratch)
{
    struct names names = {0};
    CHECK(names_read(&names, scratch) == 0 && names.count == 0, "an empty directory has no names");
    CHECK(!names_find(&names, "a") && !names_find(&names, "") && !names_find(&names, "."),
          "no name is found in an empty directory");
    names_free(&names);
    names_free(&names);
}

/* In byte order, which differs from the order of any locale. */
static const char *const sorted[] = {"\n", " ",  "-",  "...", ".a", "A",        "B",
                                     "a",  "a ", "aa", "ab",  "b",  "\303\244", "\377"};

static void test_order(const char *path, int scratch)
{
    const size_t count = sizeof sorted / sizeof sorted[0];
    struct names names = {0};
    for (size_t i = 0; i < count; i++)
        file_make(scratch, sorted[(i * 5) % count]);
    int fd = open_directory(path);
    CHECK(names_read(&names, fd) == 0 && names.count == count,
          "all names are read except . and ..");
    bool same = names.count == count;
    for (size_t i = 0; same && i < count; i++)
        same = strcmp(names_text(&names, i), sorted[i]) == 0;
    CHECK(same, "names are sorted by their bytes");
    struct names copy = {0};
    CHECK(names_copy(&copy, &names) == 0 && copy.count == count && copy.next == 0 &&
              strcmp(names_text(&copy, 2), names_text(&names, 2)) == 0 &&
              copy.list[2].type == names.list[2].type,
          "a copy has the same names and types");
    names_free(&copy);
    bool found = true;
    for (size_t i = 0; i < count; i++)
        found = found && names_find(&names, sorted[i]);
    CHECK(found, "each name that was read is found");
    CHECK(!names_find(&names, "") && !names_find(&names, "a\n") && !names_find(&names, "\376") &&
              !names_find(&names, "..") && !names_find(&names, "zz"),
          "names that were not read are not found");
    CHECK(fcntl(fd, F_GETFD) >= 0, "the descriptor stays open");
    names_free(&names);
    close(fd);
    for (size_t i = 0; i < count; i++)
        (void)unlinkat(scratch, sorted[i], 0);
}

static void test_types(const char *path, int scratch)
{
    struct names names = {0};
    file_make(scratch, "file");
    CHECK(mkdirat(scratch, "directory", 0700) == 0 && symlinkat("x", scratch, "link") == 0,
          "there are a directory, a file and a link");
    int fd = open_directory(path);
    CHECK(names_read(&names, fd) == 0 && names.count == 3,
          "the names of a directory, a file and a link are read");
    static const unsigned char types[] = {DT_DIR, DT_REG, DT_LNK};
    for (size_t i = 0; i < names.count && i < 3; i++)
        CHECK(names.list[i].type == types[i] || names.list[i].type == DT_UNKNOWN,
              "the type of %s is right or unknown", names_text(&names, i));
    names_free(&names);
    close(fd);
    (void)unlinkat(scratch, "file", 0);
    (void)unlinkat(scratch, "link", 0);
    (void)unlinkat(scratch, "directory", AT_REMOVEDIR);
}

/* More names than one getdents64(2) returns. */
static void test_many(const char *path, int scratch)
{
    enum { COUNT = 700, LENGTH = 250 };
    struct names names = {0};
    char name[LENGTH + 1];
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(name, sizeof name, "%0*d", LENGTH, i * 391 % COUNT);
        file_make(scratch, name);
    }
    int fd = open_directory(path);
    CHECK(names_read(&names, fd) == 0 && names.count == COUNT, "%d long names are read", COUNT);
    bool same = names.count == COUNT;
    for (int i = 0; same && i < COUNT; i++) {
        (void)snprintf(name, sizeof name, "%0*d", LENGTH, i);
        same = strcmp(names_text(&names, (size_t)i), name) == 0 && names_find(&names, name);
        (void)unlinkat(scratch, name, 0);
    }
    CHECK(same, "no name is missing or repeated");
    names_free(&names);
    close(fd);
}

static void test_failure(int scratch)
{
    struct names names = {0};
    file_make(scratch, "file");
    int fd = openat(scratch, "file", O_RDONLY | O_CLOEXEC);
    CHECK(names_read(&names, fd) != 0 && errno == ENOTDIR, "a file has no names");
    close(fd);
    CHECK(names_read(&names, -1) != 0 && errno == EBADF, "a closed descriptor has no names");
    names_free(&names);
    (void)unlinkat(scratch, "file", 0);
}

int main(void)
{
    char path[4096];
    const char *base = getenv("TMPDIR"); // NOLINT(concurrency-mt-unsafe): no other thread
    (void)snprintf(path, sizeof path, "%s/test_names-XXXXXX", base ? base : "/tmp");
    int scratch = mkdtemp(path) ? open_directory(path) : -1;
    if (scratch < 0) {
        perror(path);
        return 1;
    }
    test_empty(scratch);
    test_order(path, scratch);
    test_types(path, scratch);
    test_many(path, scratch);
    test_failure(scratch);
    close(scratch);
    CHECK(rmdir(path) == 0, "no file is left behind");
    return tap_done();
}
