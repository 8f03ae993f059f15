/*
 * The walk: every entry below a directory, depth first, each directory's names in byte order. It
 * knows file systems and nothing of tar. Descriptors are held, never more than a bounded number;
 * any depth is reached, whatever the length of the path.
 */
#ifndef TARPACK_WALK_H
#define TARPACK_WALK_H

#include "dirs.h"
#include "names.h"
#include "status.h"

#include <stdbool.h>
#include <sys/stat.h>

/* What walk_next() found; valid until its next call. All but the first three are known only after
 * walk_look(). */
struct walk_item {
    const char *path; /* below the root; "." for the root itself */
    const char *name; /* its last component */
    size_t depth;     /* of the directory that holds it, the root's own names being at 0 */
    int parent;       /* descriptor of the directory that holds it; -1 for the root */
    int fd; /* directories and regular files: open for reading; others, -1: they are never opened */
    struct stat status;
};

struct walk {
    struct dirs dirs;
    struct names *levels; /* the names of each level of dirs */
    size_t capacity;
    struct walk_item item;
    struct buf path;
    unsigned char type; /* of the item: what readdir said */
    bool root_seen, descend;
    bool live;
};

/* Starts at the open directory `fd`, which it takes over. With `live`, entries that vanish while
 * they are read are passed over with a warning; a directory that vanishes after walk_look() found
 * it is empty. Returns a status. */
enum status walk_start(struct walk *walk, int fd, bool live);

/* Stores the next entry, NULL after the last. Nothing but its name is looked at yet. Returns a
 * status; the line is printed. */
enum status walk_next(struct walk *walk, const struct walk_item **found);

/* Opens the entry and reads its status; a directory is walked from then on. `*there` is false where
 * a live tree has taken it away. Returns a status; the line is printed. */
enum status walk_look(struct walk *walk, bool *there);

/* To be called where a call failed, with errno, to `what` ("read the link") the item that was
 * looked at. `*there` is false, and a directory is not walked, where a live tree has taken the item
 * away meanwhile: a warning. All else is an error. Returns a status; the line is printed. */
enum status walk_read_failed(struct walk *walk, const char *what, bool *there);

/* Reads the status of what readdir(3) says is a regular file, without opening it. Returns whether
 * it is one; walk_look() may follow, and has to where this returns false. */
bool walk_peek(struct walk *walk);

/* Whether what was found last can be a directory, by what readdir(3) said of it. */
bool walk_may_be_directory(const struct walk *walk);

/* Keeps the walk out of the directory that was looked at last. */
void walk_prune(struct walk *walk);

/* Closes all and releases the memory. */
void walk_free(struct walk *walk);

#endif
