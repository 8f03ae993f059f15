/*
 * Contents of more than PACK_CONTENT_MAX bytes: cut into chunks, which go to the contents stream
 * and to the chunk map.
 */
#ifndef TARPACK_LARGE_H
#define TARPACK_LARGE_H

#include "content/chunker.h"
#include "content/mapfile.h"
#include "content/oldmap.h"
#include "content/records.h"

/* Zero-initialised it is safe to free. */
struct large {
    struct records *records; /* borrowed, as the next two */
    struct mapfile *map;
    struct oldmap *old;
    struct chunker chunker;
    struct digest *piece;      /* of a chunk */
    struct buf bytes;          /* read and not cut yet */
    size_t cut;                /* bytes at its start that are in chunks already */
    uint64_t missing;          /* bytes of the content that are not read */
    bool stored;               /* all chunks so far are in packs */
    struct digest_value zeros; /* of a chunk of zeros */
    size_t zeros_length;       /* of that chunk; 0: none yet */
};

/* Prepares to cut contents. Returns a status, as all of these; an error is printed. */
enum status large_start(struct large *large, struct records *records, struct mapfile *map,
                        struct oldmap *old);

/* Starts the content of the file `path`. Each piece of it is stored at large_space(), at most
 * `*room` bytes, and then announced by large_added(). large_end() takes the digest of the whole
 * content and stores its place. large_added() does not touch the piece. */
enum status large_begin(struct large *large, const char *path, uint64_t size);
void *large_space(struct large *large, size_t *room);
enum status large_added(struct large *large, size_t length);
enum status large_end(struct large *large, const struct digest_value *value, struct place *place);

/* Stores whether the old chunk map has a block of this content as `place` of the last run has it,
 * and all of its chunks are in packs or were written in this run. */
enum status large_knows(struct large *large, uint64_t size, const struct digest_value *value,
                        const struct place *place, bool *known);

/* Copies the block for which large_knows() has just stored true, with the same place, to the new
 * chunk map. Stores the place that the content has in this run. */
enum status large_keep(struct large *large, const char *path, const struct digest_value *value,
                       struct place *place);

/* Releases the memory. */
void large_free(struct large *large);

#endif
