/*
 * What a thread tells the walk of directories and files ahead of it. Works in a new directory below
 * TMPDIR.
 */
#include "tree/ahead.h"

#include "tap.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { DIRECTORIES = 60, FILES = 40 };

static bool is_excluded(const void *context, const struct walk_item *item)
{
    const char *name = context;
    return strcmp(item->name, name) == 0;
}

/* Makes or removes directories with files, and an empty one in each of them. */
static int tree_change(int root, bool make)
{
    int failures = 0;
    char name[64];
    for (int i = 0; i < DIRECTORIES; i++) {
        (void)snprintf(name, sizeof name, "d%02d", i);
        failures += make && mkdirat(root, name, 0700) != 0;
        (void)snprintf(name, sizeof name, "d%02d/empty", i);
        failures += (make ? mkdirat(root, name, 0700) : unlinkat(root, name, AT_REMOVEDIR)) != 0;
        for (int j = 0; j < FILES; j++) {
            (void)snprintf(name, sizeof name, "d%02d/f%02d", i, j);
            failures +=
                (make ? mknodat(root, name, S_IFREG | 0600, 0) : unlinkat(root, name, 0)) != 0;
        }
        (void)snprintf(name, sizeof name, "d%02d", i);
        failures += !make && unlinkat(root, name, AT_REMOVEDIR) != 0;
    }
    return failures;
}

/* What a walk has met. */
struct met {
    size_t directories, files;
    size_t names, statuses; /* that were offered */
    bool wrong;
};

/* How a walk behaves. */
struct behaviour {
    const char *leaves_out; /* a name */
    bool changed;           /* directories look as if they had changed */
};

static void names_check(struct walk *walk, struct names *names, struct met *met)
{
    struct names read = {0};
    met->names++;
    if (names_read_in(&read, walk->item.fd, ".") != 0 || read.count != names->count)
        met->wrong = true;
    for (size_t i = 0; !met->wrong && i < read.count; i++)
        met->wrong = strcmp(names_text(&read, i), names_text(names, i)) != 0;
    names_free(&read);
    walk_give_names(walk, names);
}

static void file_meet(struct ahead *ahead, const struct walk *walk, struct met *met)
{
    const struct walk_item *item = &walk->item;
    struct stat status, now;
    met->files++;
    if (!ahead_status(ahead, item, &status))
        return;
    met->statuses++;
    if (fstatat(item->parent, item->name, &now, AT_SYMLINK_NOFOLLOW) != 0 ||
        now.st_ino != status.st_ino || !S_ISREG(status.st_mode))
        met->wrong = true;
}

static void directory_meet(struct ahead *ahead, struct walk *walk, struct met *met, bool changed)
{
    struct names names;
    bool there = false;
    if (walk_look(walk, &there) != STATUS_OK || !there)
        met->wrong = true;
    met->directories++;
    walk->item.status.st_mtim.tv_nsec ^= changed;
    if (ahead_names(ahead, &walk->item, &names))
        names_check(walk, &names, met);
}

/* Walks the tree, beside a thread that leaves out the name `excluded`. */
static struct met tree_walk(int root, const char *excluded, const struct behaviour *behaviour)
{
    const struct walk_limits limits = {is_excluded, excluded, false, NULL, NULL};
    struct ahead *ahead = ahead_new(root, &limits);
    struct walk walk = {0};
    struct met met = {.wrong = ahead == NULL};
    const struct walk_item *item = NULL;
    enum status status = walk_start(&walk, dirs_open(root, "."), false);
    while (status == STATUS_OK && (status = walk_next(&walk, &item)) == STATUS_OK && item) {
        if (behaviour->leaves_out && strcmp(item->name, behaviour->leaves_out) == 0)
            continue;
        if (walk.type == DT_DIR)
            directory_meet(ahead, &walk, &met, behaviour->changed);
        else
            file_meet(ahead, &walk, &met);
    }
    met.wrong = met.wrong || status != STATUS_OK;
    walk_free(&walk);
    ahead_stop(ahead);
    return met;
}

static void test_walks(int root)
{
    struct met met = tree_walk(root, "", &(struct behaviour){0});
    CHECK(!met.wrong && met.files == (size_t)DIRECTORIES * FILES &&
              met.directories == 1 + 2 * DIRECTORIES,
          "a walk with a thread ahead meets everything");
    CHECK(met.names == 1 + DIRECTORIES,
          "the names of all directories that are not empty are known");
    CHECK(met.statuses <= met.files, "the status of files is known, if the thread had the time");
    met = tree_walk(root, "d07", &(struct behaviour){0});
    CHECK(!met.wrong && met.names == DIRECTORIES && met.files == (size_t)DIRECTORIES * FILES,
          "the walk reads a directory that the thread leaves out");
    met = tree_walk(root, "", &(struct behaviour){.leaves_out = "d07"});
    CHECK(!met.wrong && met.names == DIRECTORIES,
          "a directory that only the thread has read does not hide those behind it");
    met = tree_walk(root, "", &(struct behaviour){.changed = true});
    CHECK(!met.wrong && met.names == 0 && met.statuses == 0 &&
              met.files == (size_t)DIRECTORIES * FILES,
          "nothing is used of directories that have changed");
}

static void test_end(int root)
{
    const struct walk_limits limits = {is_excluded, "", false, NULL, NULL};
    struct ahead *ahead = ahead_new(root, &limits);
    CHECK(ahead, "a thread starts");
    ahead_stop(ahead);
    ahead = ahead_new(root, &limits);
    const struct timespec wait = {.tv_nsec = 20000000};
    (void)nanosleep(&wait, NULL);
    ahead_stop(ahead);
    CHECK(true, "a thread that nobody listens to ends");
    ahead_stop(NULL);
}

int main(void)
{
    char path[4096];
    const char *base = getenv("TMPDIR"); // NOLINT(concurrency-mt-unsafe): no other thread
    (void)snprintf(path, sizeof path, "%s/test_ahead-XXXXXX", base ? base : "/tmp");
    int root = mkdtemp(path) ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (root < 0 || tree_change(root, true) != 0) {
        perror(path);
        return 1;
    }
    test_walks(root);
    test_end(root);
    CHECK(tree_change(root, false) == 0 && rmdir(path) == 0, "no file is left behind");
    close(root);
    return tap_done();
}
