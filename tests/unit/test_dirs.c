/*
 * Held directories: deep trees with few descriptors, and links, which must not be followed. Works
 * in a new directory below TMPDIR.
 */
#include "dirs.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_directory(int at, const char *name)
{
    return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Returns the lowest free descriptor, which stays the same unless a descriptor leaked. */
static int descriptor_next(void)
{
    int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        close(fd);
    return fd;
}

/* Makes and opens a new directory below TMPDIR. Exits the test program if it can't. */
static int scratch_make(char *path, size_t size)
{
    const char *base = getenv("TMPDIR"); // NOLINT(concurrency-mt-unsafe): no other thread
    (void)snprintf(path, size, "%s/test_dirs-XXXXXX", base ? base : "/tmp");
    int fd = mkdtemp(path) ? open_directory(AT_FDCWD, path) : -1;
    if (fd < 0) {
        perror(path);
        exit(1); // NOLINT(concurrency-mt-unsafe): no other thread
    }
    return fd;
}

static int enter_new(struct dirs *dirs, const char *name)
{
    return mkdirat(dirs_fd(dirs), name, 0700) != 0 ? -1 : dirs_enter(dirs, name);
}

static bool fd_is(int fd, const struct stat *expected)
{
    struct stat status;
    return fstat(fd, &status) == 0 && status.st_dev == expected->st_dev &&
           status.st_ino == expected->st_ino;
}

static void test_paths(int scratch)
{
    struct dirs dirs = {0};
    struct stat root = {0}, a = {0};
    int before = descriptor_next();
    CHECK(dirs_start(&dirs, open_directory(scratch, ".")) == 0 && strcmp(dirs_path(&dirs), "") == 0,
          "the root's path is empty");
    CHECK(fstat(scratch, &root) == 0 && fd_is(dirs_fd(&dirs), &root),
          "the root is the given directory");
    CHECK(enter_new(&dirs, "a") == 0 && strcmp(dirs_path(&dirs), "a") == 0, "a level is entered");
    CHECK(fstat(dirs_fd(&dirs), &a) == 0 && !fd_is(dirs_fd(&dirs), &root),
          "it is another directory");
    CHECK(enter_new(&dirs, "b\n c") == 0 && strcmp(dirs_path(&dirs), "a/b\n c") == 0,
          "a second level is entered");
    CHECK(dirs_leave(&dirs) == 0 && strcmp(dirs_path(&dirs), "a") == 0 && fd_is(dirs_fd(&dirs), &a),
          "the level above is the last one again");
    CHECK(dirs_push(&dirs, open_directory(dirs_fd(&dirs), "b\n c"), "b\n c") == 0 &&
              strcmp(dirs_path(&dirs), "a/b\n c") == 0,
          "an open directory is pushed");
    CHECK(dirs_leave(&dirs) == 0 && unlinkat(dirs_fd(&dirs), "b\n c", AT_REMOVEDIR) == 0 &&
              dirs_leave(&dirs) == 0 && unlinkat(dirs_fd(&dirs), "a", AT_REMOVEDIR) == 0,
          "all is left and removed");
    CHECK((fcntl(dirs_fd(&dirs), F_GETFD) & FD_CLOEXEC) != 0, "descriptors are close-on-exec");
    dirs_free(&dirs);
    dirs_free(&dirs);
    CHECK(descriptor_next() == before, "all descriptors are closed");
}

/* A failed push closes its descriptor and does not change the levels. */
static void test_no_directory(int scratch)
{
    struct dirs dirs = {0};
    int before = descriptor_next();
    int file = openat(scratch, "file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    CHECK(file >= 0 && mkfifoat(scratch, "fifo", 0600) == 0 &&
              symlinkat("dir", scratch, "link") == 0 && symlinkat("..", scratch, "up") == 0 &&
              mkdirat(scratch, "dir", 0700) == 0,
          "there are a file, a fifo and links to directories");
    close(file);
    CHECK(dirs_start(&dirs, open_directory(scratch, ".")) == 0, "their directory is the root");
    CHECK(dirs_enter(&dirs, "link") != 0 && (errno == ELOOP || errno == ENOTDIR),
          "a symbolic link to a directory is not entered");
    CHECK(dirs_enter(&dirs, "up") != 0 && (errno == ELOOP || errno == ENOTDIR),
          "a symbolic link to the parent is not entered");
    CHECK(dirs_enter(&dirs, "file") != 0 && errno == ENOTDIR, "a file is not entered");
    CHECK(dirs_enter(&dirs, "fifo") != 0 && errno == ENOTDIR,
          "a fifo is not entered, without waiting for a writer");
    CHECK(dirs_enter(&dirs, "absent") != 0 && errno == ENOENT, "an absent name is not entered");
    CHECK(dirs_push(&dirs, -1, "closed") != 0 && errno == EBADF,
          "a closed descriptor is not pushed");
    CHECK(dirs.count == 1 && strcmp(dirs_path(&dirs), "") == 0, "the root is still the last level");
    CHECK(dirs_enter(&dirs, "dir") == 0 && strcmp(dirs_path(&dirs), "dir") == 0,
          "a directory is entered after these errors");
    dirs_free(&dirs);
    CHECK(dirs_start(&dirs, -1) != 0 && errno == EBADF,
          "a closed descriptor is refused as the root");
    dirs_free(&dirs);
    CHECK(descriptor_next() == before, "all descriptors are closed");
    static const char *const names[] = {"file", "fifo", "link", "up"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        (void)unlinkat(scratch, names[i], 0);
    (void)unlinkat(scratch, "dir", AT_REMOVEDIR);
}

#define DEPTH 5000

/* Walks down and up a path longer than PATH_MAX, twice, with fewer descriptors than levels. */
static void test_deep(int scratch)
{
    struct rlimit old, few = {DIRS_OPEN_MAX + 16, DIRS_OPEN_MAX + 16};
    struct dirs dirs = {0};
    struct stat root = {0};
    int before = descriptor_next();
    (void)getrlimit(RLIMIT_NOFILE, &old);
    few.rlim_max = old.rlim_max;
    CHECK(fstat(scratch, &root) == 0 && dirs_start(&dirs, open_directory(scratch, ".")) == 0 &&
              setrlimit(RLIMIT_NOFILE, &few) == 0,
          "descriptors are few");
    size_t depth = 0;
    while (depth < DEPTH && enter_new(&dirs, "d") == 0)
        depth++;
    CHECK(depth == DEPTH && strlen(dirs_path(&dirs)) == 2 * DEPTH - 1, "%d levels are entered",
          DEPTH);
    while (depth > DEPTH / 2 && dirs_leave(&dirs) == 0)
        depth--;
    CHECK(strlen(dirs_path(&dirs)) == DEPTH - 1, "half of the levels are left");
    while (depth < DEPTH && dirs_enter(&dirs, "d") == 0)
        depth++;
    CHECK(strlen(dirs_path(&dirs)) == 2 * DEPTH - 1, "these levels are entered again");
    while (depth > 0 && dirs_leave(&dirs) == 0 && unlinkat(dirs_fd(&dirs), "d", AT_REMOVEDIR) == 0)
        depth--;
    CHECK(depth == 0 && strcmp(dirs_path(&dirs), "") == 0 && fd_is(dirs_fd(&dirs), &root),
          "all levels are left and removed, up to the root");
    (void)setrlimit(RLIMIT_NOFILE, &old);
    dirs_free(&dirs);
    CHECK(descriptor_next() == before, "all descriptors are closed");
}

/* Leaves levels until it fails, and returns how many remain. */
static size_t leave_all(struct dirs *dirs)
{
    while (dirs->count > 1 && dirs_leave(dirs) == 0)
        ;
    return dirs->count;
}

static void tree_remove(int scratch, const char *top)
{
    struct dirs dirs = {0};
    if (dirs_start(&dirs, open_directory(scratch, ".")) == 0 && dirs_enter(&dirs, top) == 0) {
        while (dirs_enter(&dirs, "d") == 0)
            ;
        while (dirs.count > 2 && dirs_leave(&dirs) == 0)
            (void)unlinkat(dirs_fd(&dirs), "d", AT_REMOVEDIR);
    }
    (void)unlinkat(scratch, top, AT_REMOVEDIR);
    dirs_free(&dirs);
}

/* Enters levels 1 to 2 * DIRS_OPEN_MAX, so that those near the root are closed. */
static void deep_make(struct dirs *dirs, int scratch)
{
    (void)dirs_start(dirs, open_directory(scratch, "."));
    (void)enter_new(dirs, "top");
    while (dirs->count <= (size_t)2 * DIRS_OPEN_MAX && enter_new(dirs, "d") == 0)
        ;
}

static void test_moved_away(int scratch)
{
    struct dirs dirs = {0};
    deep_make(&dirs, scratch);
    CHECK(dirs.levels[1].fd < 0 && dirs.levels[2].fd < 0 && dirs.levels[0].fd >= 0,
          "levels near the root are closed, except the root");
    CHECK(mkdirat(scratch, "outside", 0700) == 0 &&
              renameat(scratch, "top/d/d/d", scratch, "outside/d") == 0,
          "a directory below closed levels is moved away");
    int error = leave_all(&dirs) > 1 ? errno : 0;
    CHECK(error == ESTALE && dirs.count == 5,
          "another directory with the name of a closed level is refused");
    CHECK(dirs_leave(&dirs) != 0 && errno == ESTALE && dirs_fd(&dirs) >= 0,
          "it is refused again, and the last level is still open");
    CHECK(renameat(scratch, "outside/d", scratch, "top/d/d/d") == 0 && leave_all(&dirs) == 1,
          "all levels can be left after the directory is moved back");
    dirs_free(&dirs);
    tree_remove(scratch, "outside");
    tree_remove(scratch, "top");
}

/* A level is identified by device and inode, so its name may change. */
static void test_replaced(int scratch)
{
    struct dirs dirs = {0};
    struct stat level = {0};
    deep_make(&dirs, scratch);
    CHECK(renameat(scratch, "top/d", scratch, "top/e") == 0 &&
              symlinkat("/", scratch, "top/d") == 0 && fstatat(scratch, "top/e", &level, 0) == 0,
          "a closed level is replaced by a symbolic link");
    while (dirs.count > 3 && dirs_leave(&dirs) == 0)
        ;
    CHECK(dirs.count == 3 && fd_is(dirs_fd(&dirs), &level),
          "the way up leads to the old directory");
    CHECK(unlinkat(scratch, "top/d", 0) == 0 && renameat(scratch, "top/e", scratch, "top/d") == 0 &&
              leave_all(&dirs) == 1,
          "the way up leads from the old directory to the root");
    dirs_free(&dirs);
    tree_remove(scratch, "top");
}

/* The root directories of two file systems have the same inode number. */
static void test_same(int scratch)
{
    struct stat proc = {0}, sys = {0};
    int fd = open_directory(AT_FDCWD, "/proc"), dir = -1;
    CHECK(fstat(fd, &proc) == 0 && stat("/sys", &sys) == 0 && proc.st_ino == sys.st_ino,
          "two directories have one inode number");
    CHECK(!dirs_is_same(fd, AT_FDCWD, "/sys"), "they are not the same directory");
    CHECK(dirs_is_same(fd, AT_FDCWD, "/proc"), "a directory is the same as itself");
    CHECK(!dirs_is_same(-1, AT_FDCWD, "/proc") && !dirs_is_same(fd, scratch, "none"),
          "a directory without a status is not the same");
    close(fd);
    CHECK(mkdirat(scratch, "dir", 0700) == 0 && symlinkat("dir", scratch, "link") == 0 &&
              (dir = open_directory(scratch, "dir")) >= 0,
          "there is a link to a directory");
    CHECK(dirs_is_same(dir, scratch, "dir") && !dirs_is_same(dir, scratch, "link"),
          "a link to a directory is not that directory");
    close(dir);
    (void)unlinkat(scratch, "link", 0);
    (void)unlinkat(scratch, "dir", AT_REMOVEDIR);
}

int main(void)
{
    char path[4096];
    int scratch = scratch_make(path, sizeof path);
    test_paths(scratch);
    test_same(scratch);
    test_no_directory(scratch);
    test_deep(scratch);
    test_moved_away(scratch);
    test_replaced(scratch);
    close(scratch);
    CHECK(rmdir(path) == 0, "no file is left behind");
    return tap_done();
}
