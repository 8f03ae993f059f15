/*
 * The inodes with several names that were seen.
 */
#include "tap.h"
#include "tree/links.h"

#include <stdio.h>
#include <string.h>

static struct stat inode(dev_t device, ino_t number)
{
    return (struct stat){.st_dev = device, .st_ino = number, .st_nlink = 2};
}

/* Returns the first name of the inode, NULL if it is new. */
static const char *visit(struct links *links, struct stat status, const char *path)
{
    const char *first = "?";
    return links_visit(links, &status, path, &first) == 0 ? first : "out of memory";
}

static void test_first(void)
{
    struct links links = {0};
    char path[2] = "a";
    struct stat status = inode(1, 2);
    CHECK(!links_knows(&links, &status), "an inode is not known before it was seen");
    CHECK(!visit(&links, inode(1, 2), path), "an inode is new when it is seen first");
    CHECK(links_knows(&links, &status) && links.count == 1, "an inode is known after it was seen");
    memset(path, 'x', 1); /* the name must have been copied */
    const char *first = visit(&links, inode(1, 2), "b");
    CHECK(first && strcmp(first, "a") == 0,
          "a known inode has the name under which it was first seen");
    first = visit(&links, inode(1, 2), "c");
    CHECK(first && strcmp(first, "a") == 0,
          "an inode keeps the name under which it was first seen");
    CHECK(!visit(&links, inode(1, 3), "d"), "another number is another inode");
    CHECK(!visit(&links, inode(2, 2), "e"), "the same number on another device is another inode");
    CHECK(!visit(&links, inode(2, 1), "f"), "device and number are not exchanged");
    CHECK(links.count == 4, "an inode that is seen again is not counted again");
    links_free(&links);
    links_free(&links);
    CHECK(!visit(&links, inode(1, 2), "g"), "an inode is new again after links_free()");
    links_free(&links);
}

/* Enough inodes to make the table grow, with consecutive numbers, on several devices. */
static void test_many(void)
{
    enum { DEVICES = 5, INODES = 4000 };
    struct links links = {0};
    char path[32];
    int fresh = 0, same = 0;
    for (unsigned i = 0; i < INODES; i++) {
        for (unsigned device = 0; device < DEVICES; device++) {
            (void)snprintf(path, sizeof path, "%u/%u", device, i);
            fresh += !visit(&links, inode(device, (ino_t)i << (8 * device)), path);
        }
    }
    CHECK(fresh == DEVICES * INODES && links.count == (size_t)fresh, "%d inodes are new", fresh);
    for (unsigned i = 0; i < INODES; i++) {
        for (unsigned device = 0; device < DEVICES; device++) {
            (void)snprintf(path, sizeof path, "%u/%u", device, i);
            const char *first = visit(&links, inode(device, (ino_t)i << (8 * device)), "again");
            same += first && strcmp(first, path) == 0;
        }
    }
    CHECK(same == fresh, "each of them is found under its own name");
    links_free(&links);
}

/* In a changing tree, an inode number may have been reused for another file. */
static void test_live(void)
{
    struct links links = {.live = true};
    struct stat status = inode(1, 2);
    status.st_size = 5;
    status.st_mtim.tv_nsec = 7;
    CHECK(!visit(&links, status, "a") && visit(&links, status, "b"),
          "live: an inode that did not change is the same");
    struct stat other = status;
    other.st_size = 6;
    CHECK(!visit(&links, other, "c"), "live: an inode with another size is new");
    other = status;
    other.st_mtim.tv_nsec = 8;
    CHECK(!visit(&links, other, "d"), "live: an inode with another time is new");
    other.st_mtim.tv_sec = 1;
    CHECK(!visit(&links, other, "e"), "live: an inode with another second is new");
    const char *first = visit(&links, status, "f");
    CHECK(first && strcmp(first, "a") == 0, "live: the first is still known");
    links_free(&links);
    CHECK(!visit(&links, status, "a") && visit(&links, other, "b"),
          "without live, size and time are not compared");
    links_free(&links);
}

int main(void)
{
    test_first();
    test_many();
    test_live();
    return tap_done();
}
