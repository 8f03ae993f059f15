/*
 * The chunk map: the chunks of each large file of a manifest. It has a block for each file with
 * more than PACK_CONTENT_MAX bytes, except hard links, in the order of the manifest:
 *
 *     PATH size=SIZE sha256digest=DIGEST
 *     DIGEST LENGTH          a chunk
 *     DIGEST LENGTH COUNT    COUNT equal chunks in a row, 2 or more
 *
 * PATH is spelled as in the manifest. Pure.
 */
#ifndef ZLSNAP_CHUNK_MAP_H
#define ZLSNAP_CHUNK_MAP_H

#include "buf.h"
#include "digest.h"

#include <stdbool.h>
#include <stdint.h>

/* The first line of every chunk map. */
#define CHUNK_MAP_SIGNATURE "#chunks\n"

struct chunk_run {
    struct digest_value digest; /* SHA-256 of one chunk */
    uint32_t length;            /* of one chunk; 1 to PACK_CONTENT_MAX */
    uint64_t count;             /* of equal chunks in a row */
};

/* Appends the first line of a block. Stores where in `out` the digits of the digest begin, so that
 * a writer that learns the digest last can replace them. Returns 0; -1 if memory is out. */
int chunk_map_append_file(struct buf *out, const char *path, uint64_t size,
                          const struct digest_value *digest, size_t *digits);

/* Appends the line of a run. Returns 0; -1 if memory is out. */
int chunk_map_append(struct buf *out, const struct chunk_run *run);

/* Parses the line of a run, without its newline; it may contain any bytes. Returns whether
 * chunk_map_append() writes the same line. */
bool chunk_map_parse(const char *line, size_t length, struct chunk_run *run);

#endif
