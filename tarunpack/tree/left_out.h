/*
 * The paths of entries that were left out: devices, and hard links to them. A hard link to one of
 * them has no target, but is no error. Knows paths, not the file system. The fields are private to
 * left_out.c, except that others read `bytes`.
 */
#ifndef TARUNPACK_TREE_LEFT_OUT_H
#define TARUNPACK_TREE_LEFT_OUT_H

#include <stdbool.h>
#include <stdint.h>

/* Zero-initialised it is empty. It owns its memory. */
struct left_out {
    void *paths;    /* a tree of tsearch(3) */
    uint64_t bytes; /* of memory, about */
};

/* Adds a path, which is copied. Returns 0; -1 if out of memory. */
int left_out_add(struct left_out *left, const char *path);

/* Whether the path was added. */
bool left_out_has(const struct left_out *left, const char *path);

/* Releases the memory. */
void left_out_free(struct left_out *left);

#endif
