/*
 * The file of --chunks, to which the chunk map is written.
 */
#ifndef TARPACK_MAPFILE_H
#define TARPACK_MAPFILE_H

#include "chunk_map.h"
#include "status.h"

/* Zero-initialised it is closed. */
struct mapfile {
    const char *name; /* as the user wrote it; NULL: closed; borrowed */
    int fd;
    struct buf out;       /* bytes that are not written yet */
    uint64_t written;     /* bytes in the file */
    uint64_t digits;      /* where the digest of the current block stands */
    struct chunk_run run; /* of the current block, not in `out` yet; count 0: none */
};

/* Creates the file, or empties it, which must be a regular file. Returns a status, as all of these;
 * an error is printed. */
enum status mapfile_open(struct mapfile *map, const char *name);

/* Starts the block of a file. */
enum status mapfile_begin(struct mapfile *map, const char *path, uint64_t size);

/* Adds `count` equal chunks to the block. */
enum status mapfile_add(struct mapfile *map, const struct chunk_run *run);

/* Completes the block with the digest of the whole file. */
enum status mapfile_end(struct mapfile *map, const struct digest_value *digest);

/* Writes the rest and closes the file. */
enum status mapfile_finish(struct mapfile *map);

/* Releases everything; without mapfile_finish() the map is incomplete. */
void mapfile_close(struct mapfile *map);

#endif
