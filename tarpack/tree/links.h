/*
 * Which inodes with several names were seen, and under what name first.
 */
#ifndef TARPACK_LINKS_H
#define TARPACK_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct links_slot;

/* Zero-initialised it is empty. It owns its memory: a slot and a path for each inode. */
struct links {
    struct links_slot *slots;
    size_t count;
    size_t capacity; /* a power of two */
    bool live; /* inodes may be reused while the tree is read: compare size and mtime as well */
};

/* Looks the inode up by device and number. Stores the path it was first seen under; or NULL if this
 * is the first time, and then remembers `path`. Returns 0; -1 if memory is out. */
int links_visit(struct links *links, const struct stat *status, const char *path,
                const char **first);

/* Whether the inode was seen. */
bool links_knows(const struct links *links, const struct stat *status);

/* Releases the memory. */
void links_free(struct links *links);

#endif
