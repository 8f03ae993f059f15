/*
 * Finds the directory of OLD that a directory of NEW was before it was renamed, by the files at its
 * beginning: their paths in it and their contents.
 */
#ifndef MTREEDIFF_SUBTREES_H
#define MTREEDIFF_SUBTREES_H

#include "input.h"
#include "places.h"

/* How many lines behind a directory are looked at, and how many files in them. */
#define SUBTREE_LINES 16
#define SUBTREE_FILES 4

/* A directory that began at most SUBTREE_LINES ago. */
struct subtree {
    struct buf path;
    uint64_t offset; /* of its line */
    uint64_t line;   /* its number */
    unsigned files;  /* that were added */
};

/* The directories of OLD. Zero-initialised it knows none. It owns its memory. */
struct subtrees {
    struct places places;
    struct subtree last[SUBTREE_LINES];
    uint64_t line;
};

/* Reads the directories of OLD, which is seekable and was measured; its position stays. Returns a
 * status; the error is printed. */
enum status subtrees_read(struct subtrees *subtrees, const struct input *old);

/* Looks for the directory `path` of NEW, behind whose line `next` is. Stores the offset of the
 * line in OLD that most of the files were found for; `*found` tells whether there is one. Returns a
 * status; the error is printed. */
enum status subtrees_find(const struct subtrees *subtrees, struct slice path, struct input *next,
                          uint64_t *offset, bool *found);

void subtrees_free(struct subtrees *subtrees);

#endif
