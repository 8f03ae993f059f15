/*
 * Digests the contents of files for the manifest. With a contents stream it also cuts large
 * contents into chunks, and writes each content and chunk that is new to the stream. What is
 * digested is what is written, also if the file changes meanwhile.
 */
#ifndef TARPACK_DIGESTER_H
#define TARPACK_DIGESTER_H

#include "content/mapfile.h"
#include "digest.h"
#include "packs.h"
#include "status.h"

#include <stdbool.h>
#include <stdint.h>

struct digester;

/* Where new contents go. */
struct digester_output {
    int fd;                    /* the contents stream; borrowed */
    struct mapfile *map;       /* the chunk map; borrowed */
    const struct packs *known; /* contents in these packs are not new; borrowed */
};

/* Prepares to digest contents; `output` is NULL or copied. Stores NULL on failure. The caller
 * releases it with digester_free(). Returns a status, as all of these; an error is printed. */
enum status digester_new(struct digester **made, const struct digester_output *output);

/* Starts the content of the file `path`, `size` bytes, which follow through digester_space() and
 * digester_added(), then digester_end(). */
enum status digester_begin(struct digester *digester, const char *path, uint64_t size);

/* Returns where the next bytes of the content go, and stores how many fit: at least 1 if any are
 * missing, at most as many as are missing. NULL after a printed error. */
void *digester_space(struct digester *digester, size_t *room);

/* Adds `length` bytes that were stored there. */
enum status digester_added(struct digester *digester, size_t length);

/* Completes the content and stores its digest. */
enum status digester_end(struct digester *digester, struct digest_value *value);

/* Stores whether the packs hold the content with this digest, so that its file need not be read. */
enum status digester_knows(const struct digester *digester, const struct digest_value *value,
                           uint64_t size, bool *known);

/* Ends the contents stream and the chunk map. */
enum status digester_finish(struct digester *digester);

/* Releases the memory. NULL is allowed. */
void digester_free(struct digester *digester);

#endif
