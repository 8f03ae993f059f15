/*
 * What --contents needs: where new contents and the chunk map go, and what earlier runs have
 * stored.
 */
#ifndef TARPACK_STORE_H
#define TARPACK_STORE_H

#include "content/known.h"
#include "content/large.h"

/* The command line. */
struct store_options {
    bool given;               /* --contents; without it the rest is not set */
    int contents;             /* its descriptor */
    const char *chunks;       /* a file's name */
    const char *known;        /* a directory's name, or NULL */
    const char *known_chunks; /* a file's name, or NULL */
};

/* Zero-initialised it is safe to close. */
struct store {
    struct known known;
    struct records records;
    struct mapfile map;
    struct oldmap old;
    struct large large;
};

/* Opens everything; `options` is borrowed. Returns a status; an error is printed. store_close()
 * must follow in either case. */
enum status store_open(struct store *store, const struct store_options *options);

/* Ends the contents stream and the chunk map. Returns a status; an error is printed. */
enum status store_finish(struct store *store);

/* Releases everything; without store_finish() the stream and the map are cut. */
void store_close(struct store *store);

#endif
