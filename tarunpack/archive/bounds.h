/*
 * Counts what an archive asks for, and refuses what is over a limit.
 */
#ifndef TARUNPACK_ARCHIVE_BOUNDS_H
#define TARUNPACK_ARCHIVE_BOUNDS_H

#include "archive/problem.h"
#include "tar_entry.h"

#include <stdint.h>

struct archive_limits {
    uint64_t entries;   /* in the archive, and directories that only their entries imply */
    uint64_t tree_size; /* bytes of all files together */
    uint64_t path;      /* bytes of a path */
    uint64_t depth;     /* directories above an entry */
    uint64_t pax;       /* bytes of the headers that precede one entry */
    uint64_t xattr;     /* bytes of one attribute's value */
};

/* The counts so far. Its fields are for bounds.c alone. */
struct bounds {
    struct archive_limits limits;
    uint64_t entries, tree_size;
    uint64_t header; /* bytes of the headers that precede the present entry */
    uint64_t global; /* bytes of all global headers */
};

void bounds_start(struct bounds *bounds, const struct archive_limits *limits);

/* All of these return ARCHIVE_OK, or ARCHIVE_LIMIT with the problem's text set. */

/* Counts the entry, and checks its sizes. The next header is that of another entry. */
enum archive_event bounds_entry(struct bounds *bounds, const struct tar_entry *entry,
                                struct problem *problem);

/* Counts `size` bytes of headers that precede one entry: they are kept in memory. */
enum archive_event bounds_header(struct bounds *bounds, uint64_t size, struct problem *problem);

/* Counts `size` bytes of a global header. */
enum archive_event bounds_global(struct bounds *bounds, uint64_t size, struct problem *problem);

/* Checks what the tree has beyond the archive's entries: `implied` directories, and `kept` bytes of
 * attributes that wait in memory until all is in the tree. */
enum archive_event bounds_tree(const struct bounds *bounds, uint64_t implied, uint64_t kept,
                               struct problem *problem);

#endif
