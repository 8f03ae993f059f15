/*
 * The file of --known-chunks: the chunk map of the last run. It is a cache. Damage is a warning,
 * and the blocks behind it are not used; nor is anything of a file that does not exist.
 *
 * Blocks are found by content, since a file may have another path now. The table for that is made
 * when the first block is looked up: the whole map is read once. It has 16 bytes for each block.
 */
#ifndef TARPACK_OLDMAP_H
#define TARPACK_OLDMAP_H

#include "cache/table.h"
#include "chunk_map.h"
#include "lines.h"
#include "status.h"

#include <stdbool.h>

/* Zero-initialised it is closed, and has no blocks. */
struct oldmap {
    const char *name; /* as the user wrote it; borrowed */
    bool open, indexed;
    bool over; /* no line is left, or the rest is not used */
    int fd;
    struct lines lines;
    struct table blocks;        /* from hashes of contents and their chunks to first lines */
    uint64_t first;             /* where the first chunk of the current block stands */
    uint64_t size, left;        /* bytes of its file, and of these in chunks not read yet */
    struct digest_value digest; /* of its file */
    uint64_t check;             /* of the lines of chunks read so far, by mapfile_check() */
};

/* Opens the file, which need not exist. Returns a status, as all of these; an error is printed. */
enum status oldmap_open(struct oldmap *map, const char *name);

/* Finds the block of a content whose lines of chunks have this check, and stores whether there is
 * one. */
enum status oldmap_find(struct oldmap *map, uint64_t size, const struct digest_value *digest,
                        uint64_t check, bool *found);

/* Goes to the first chunk of the block that was found; oldmap_next() may follow. */
void oldmap_rewind(struct oldmap *map);

/* Stores the next equal chunks of that block; count 0 after the last one, and if the block turns
 * out to be damaged: then the map is over. */
enum status oldmap_next(struct oldmap *map, struct chunk_run *run);

/* Releases everything. */
void oldmap_close(struct oldmap *map);

#endif
