/*
 * The inodes with several names that were seen, each with its first path.
 */
#ifndef TARPACK_LINKS_H
#define TARPACK_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct links_slot;

/* A hash table. Zero-initialised it is empty. It owns its memory: a slot and a path per inode. */
struct links {
    struct links_slot *slots;
    size_t count;
    size_t capacity; /* a power of two */
    bool live; /* inodes may be reused while the tree is read: compare size and mtime as well */
};

/* Looks up the inode. Stores its first path, or NULL if it is new, and then remembers `path`.
 * Returns 0; -1 if memory is out. */
int links_visit(struct links *links, const struct stat *status, const char *path,
                const char **first);

/* Whether the inode was seen. */
bool links_knows(const struct links *links, const struct stat *status);

/* Releases the memory. */
void links_free(struct links *links);

#endif
