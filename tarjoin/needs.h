/*
 * Which packs are needed, and how much of each.
 */
#ifndef TARJOIN_NEEDS_H
#define TARJOIN_NEEDS_H

#include "fetch.h"

struct need;

/* Zero-initialised it is safe to close. It owns its memory: a bit for each content of the packs
 * that are needed. */
struct needs {
    struct need *list; /* one for each pack */
    size_t count;
};

/* Prepares to note contents of the packs, which are borrowed. Returns a status, as all of these; an
 * error is printed. */
enum status needs_open(struct needs *needs, const struct packs *packs);
void needs_close(struct needs *needs);

/* Notes a content at a place of fetch_locate(). */
enum status needs_note(struct needs *needs, const struct fetch_place *place);

/* To be called once, after the last content. Writes a line "PACK LIVE TOTAL INDEX_DIGEST" to the
 * descriptor for each pack with noted contents, sorted by PACK: LIVE are their bytes, each content
 * counted once, TOTAL those of all contents, INDEX_DIGEST is that of the index as it was used. */
enum status needs_write(struct needs *needs, int fd);

#endif
