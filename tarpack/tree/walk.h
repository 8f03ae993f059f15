/*
 * Walks all entries below a directory, depth first, the names of each directory in byte order.
 * Depth and path length are unlimited; the number of open descriptors is bounded. It knows nothing
 * of tar.
 */
#ifndef TARPACK_WALK_H
#define TARPACK_WALK_H

#include "dirs.h"
#include "status.h"

#include <stdbool.h>
#include <sys/stat.h>

/* An entry, valid until the next walk_next(). `fd` and `status` are set by walk_look(). */
struct walk_item {
    const char *path; /* below the root; "." for the root itself */
    const char *name; /* its last component */
    size_t depth;     /* 0 for entries of the root */
    size_t number;    /* of its name in the directory, from 0 */
    int parent;       /* descriptor of the directory that contains it; -1 for the root */
    int fd; /* directories and regular files, open for reading; -1 for others, never opened */
    struct stat status;
};

struct walk {
    struct dirs dirs;
    struct walk_item item;
    struct buf path;
    unsigned char type; /* d_type of the item: a hint */
    bool root_seen, descend;
    struct names given; /* the names in the directory that is entered next; empty: to be read */
    bool live;
    /* Set by the caller, or NULL: the name by which an entry is sorted. Names are sorted again only
     * in directories with a name that begins with `marked`. */
    const char *(*key)(const char *name);
    const char *marked;
};

/* What threads that walk beside the main one leave out, as that does. */
struct walk_limits {
    /* Whether the item and everything below it is left out. Called by several threads. */
    bool (*leaves_out)(const void *context, const struct walk_item *item);
    const void *context;
    bool one_file_system;
    const char *(*key)(const char *name); /* as in struct walk */
    const char *marked;
};

/* Starts at the open directory `fd`, which it takes over. With `live`, an entry that vanishes is
 * skipped with a warning; a directory that vanishes after walk_look() is empty. Returns a status;
 * an error is printed. */
enum status walk_start(struct walk *walk, int fd, bool live);

/* Stores the next entry, NULL after the last. Only its name is known yet. Returns a status; an
 * error is printed. */
enum status walk_next(struct walk *walk, const struct walk_item **found);

/* Opens the entry and reads its status. A directory will then be walked. `*there` is false if the
 * entry vanished from a live tree. Returns a status; an error is printed. */
enum status walk_look(struct walk *walk, bool *there);

/* Handles a failure, in errno, to `what` ("read the link") the current item. If the item vanished
 * from a live tree, warns, sets `*there` to false and does not walk it. Otherwise it is an error.
 * Returns a status; an error is printed. */
enum status walk_read_failed(struct walk *walk, const char *what, bool *there);

/* Reads the target of the current item, a symbolic link, at most PATH_MAX bytes, and a NUL into
 * `target`. `*there` as in walk_look(). Returns a status; an error is printed. */
enum status walk_read_link(struct walk *walk, struct buf *target, bool *there);

/* If the item is a regular file, reads its status without opening it. Returns whether it is one; if
 * not, walk_look() has to follow. */
bool walk_peek(struct walk *walk);

/* Instead of walk_peek(): sets the status of the item, a regular file. */
void walk_set_status(struct walk *walk, const struct stat *status);

/* Whether the current item is a directory that will be walked, and then its names may be given,
 * which the walk takes over. */
bool walk_enters(const struct walk *walk);
void walk_give_names(struct walk *walk, const struct names *names);

/* Whether the current item may be a directory, judging by readdir(3). */
bool walk_may_be_directory(const struct walk *walk);

/* Returns the descriptor of the current item, a regular file, which the caller takes over. */
int walk_take(struct walk *walk);

/* Does not walk the current directory. */
void walk_prune(struct walk *walk);

/* Closes everything and releases the memory. */
void walk_free(struct walk *walk);

#endif
