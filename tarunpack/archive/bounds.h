/*
 * Counts what an archive asks for and enforces the limits. The fields of struct bounds are private
 * to bounds.c.
 */
#ifndef TARUNPACK_ARCHIVE_BOUNDS_H
#define TARUNPACK_ARCHIVE_BOUNDS_H

#include "archive/problem.h"
#include "tar_entry.h"

#include <stdint.h>

struct archive_limits {
    uint64_t entries;   /* entries in the archive, plus parent directories without an entry */
    uint64_t tree_size; /* total bytes of all files */
    uint64_t path;      /* bytes of a path */
    uint64_t depth;     /* parent directories of an entry */
    uint64_t pax;       /* bytes of the extended headers of one entry */
    uint64_t xattr;     /* bytes of one attribute's value */
};

struct bounds {
    struct archive_limits limits;
    uint64_t entries, tree_size;
    uint64_t header; /* bytes of the next entry's extended headers so far */
    uint64_t global; /* bytes of all global headers so far */
};

void bounds_start(struct bounds *bounds, const struct archive_limits *limits);

/* All of these return ARCHIVE_OK, or ARCHIVE_LIMIT with the problem's text set. */

/* Counts an entry and checks its path, size and attributes. Headers counted from now on belong to
 * the next entry. */
enum archive_event bounds_entry(struct bounds *bounds, const struct tar_entry *entry,
                                struct problem *problem);

/* Counts `size` bytes of extended headers, which are kept in memory. */
enum archive_event bounds_header(struct bounds *bounds, uint64_t size, struct problem *problem);

/* Counts `size` bytes of a global header. */
enum archive_event bounds_global(struct bounds *bounds, uint64_t size, struct problem *problem);

/* Checks what the tree adds to the archive's own entries: `implied` parent directories, and `kept`
 * bytes that stay in memory until the tree is finished. */
enum archive_event bounds_tree(const struct bounds *bounds, uint64_t implied, uint64_t kept,
                               struct problem *problem);

#endif
