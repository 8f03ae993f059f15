/*
 * The contents in the packs of --known.
 */
#ifndef TARPACK_KNOWN_H
#define TARPACK_KNOWN_H

#include "packs.h"

/* Zero-initialised it has no packs. */
struct known {
    struct packs packs;
};

/* Opens the indexes of the directory `path`. known_close() must follow, also on failure. Returns a
 * status; an error is printed. */
enum status known_open(struct known *known, const char *path);

/* Stores the number of a pack that has the content, from 1; 0 if there is none. Returns a status;
 * an error is printed. */
enum status known_find(struct known *known, const struct digest_value *digest, uint32_t *pack);

/* Releases everything. */
void known_close(struct known *known);

#endif
