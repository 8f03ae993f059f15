/*
 * The chunk map, read in step with the manifest.
 */
#ifndef TARJOIN_CHUNKS_H
#define TARJOIN_CHUNKS_H

#include "chunk_map.h"
#include "lines.h"
#include "status.h"

/* Zero-initialised it is safe to close. */
struct chunks {
    const char *name; /* in messages; borrowed */
    struct lines lines;
    uint64_t left;     /* bytes of the current file that no chunk was read for */
    struct buf wanted; /* the first line of the current block */
};

/* A place in the map. */
struct chunks_place {
    uint64_t offset, number, left;
};

/* Starts to read the map in `fd`, called `name`, both borrowed. A `seekable` one is a regular file.
 * Returns a status, as all of these; an error is printed. */
enum status chunks_open(struct chunks *chunks, int fd, const char *name, bool seekable);

/* Enters the block of the file, which must be the next one, after leaving the current one. */
enum status chunks_begin(struct chunks *chunks, const char *path, uint64_t size,
                         const struct digest_value *digest);

/* Stores the next run of the file; count 0 after the last. */
enum status chunks_next(struct chunks *chunks, struct chunk_run *run);

/* The current place, and a way back to it if the map is seekable. */
struct chunks_place chunks_tell(const struct chunks *chunks);
void chunks_seek(struct chunks *chunks, const struct chunks_place *place);

/* Checks that no further block follows. */
enum status chunks_end(struct chunks *chunks);

/* Releases the memory. */
void chunks_close(struct chunks *chunks);

#endif
