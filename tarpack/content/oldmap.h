/*
 * The file of --known-chunks: the chunk map of the last run, read in step with the walk. It is a
 * cache. Damage is a warning, and the blocks behind it are not used; nor is anything of a file that
 * does not exist.
 */
#ifndef TARPACK_OLDMAP_H
#define TARPACK_OLDMAP_H

#include "chunk_map.h"
#include "lines.h"
#include "status.h"

#include <stdbool.h>

/* Zero-initialised it is closed, and has no blocks. */
struct oldmap {
    const char *name; /* as the user wrote it; borrowed */
    bool open;
    bool over; /* no block is left, or they are not used */
    int fd;
    struct lines lines;
    struct buf path, wanted; /* of the block that was read last; the line that is looked for */
    struct buf line;         /* the first line of that block; empty: it was found before */
    uint64_t first;          /* where its first chunk stands */
    uint64_t size, left;     /* bytes of its file, and of these in chunks not read yet */
    uint64_t check;          /* of the lines of chunks read so far, by mapfile_check() */
};

/* Opens the file, which need not exist. Returns a status, as all of these; an error is printed. */
enum status oldmap_open(struct oldmap *map, const char *name);

/* Finds the block of a file, in the order of the walk, and stores whether there is one with this
 * size and digest. */
enum status oldmap_find(struct oldmap *map, const char *path, uint64_t size,
                        const struct digest_value *digest, bool *found);

/* Goes to the first chunk of the block that was found; oldmap_next() may follow. */
void oldmap_rewind(struct oldmap *map);

/* Stores the next equal chunks of that block; count 0 after the last one, and if the block turns
 * out to be damaged: then the map is over. */
enum status oldmap_next(struct oldmap *map, struct chunk_run *run);

/* Releases everything. */
void oldmap_close(struct oldmap *map);

#endif
