/*
 * The file of --chunks, to which the chunk map is written.
 */
#ifndef TARPACK_MAPFILE_H
#define TARPACK_MAPFILE_H

#include "chunk_map.h"
#include "status.h"

#include <stdbool.h>

/* Zero-initialised it is closed. */
struct mapfile {
    const char *name; /* as the user wrote it; borrowed */
    bool open;
    int fd;
    struct buf out;       /* bytes that are not written yet */
    uint64_t written;     /* bytes in the file */
    uint64_t digits;      /* where the digest of the current block stands */
    struct chunk_run run; /* of the current block, not in `out` yet; count 0: none */
    uint64_t check;       /* of the block's lines of chunks so far, by mapfile_check() */
};

/* Creates the file, or empties it. It must be a regular file, and not standard output or `other`,
 * an open descriptor; -1: none. Returns a status, as all of these; an error is printed. */
enum status mapfile_open(struct mapfile *map, const char *name, int other);

/* Starts the block of a file. */
enum status mapfile_begin(struct mapfile *map, const char *path, uint64_t size);

/* Adds `count` equal chunks to the block. */
enum status mapfile_add(struct mapfile *map, const struct chunk_run *run);

/* Completes the block with the digest of the whole file. Stores a check of its lines of chunks. */
enum status mapfile_end(struct mapfile *map, const struct digest_value *digest, uint64_t *check);

/* Continues the check of a block's lines of chunks (0 at its beginning) over one line, which has no
 * newline here. */
uint64_t mapfile_check(uint64_t check, const char *line, size_t length);

/* Writes the rest and closes the file. */
enum status mapfile_finish(struct mapfile *map);

/* Releases everything; without mapfile_finish() the map is incomplete. */
void mapfile_close(struct mapfile *map);

#endif
