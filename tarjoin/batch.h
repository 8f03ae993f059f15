/*
 * A part of the tar: headers, and gaps between them for the contents. The main thread lays it out,
 * any thread fills in the contents, and the main thread writes it.
 */
#ifndef TARJOIN_BATCH_H
#define TARJOIN_BATCH_H

#include "diag.h"
#include "fetch.h"

#include <stdbool.h>

/* A batch is full when it has this many bytes or pieces. */
#define BATCH_BYTES ((size_t)2 << 20)
#define BATCH_PIECES 8192

enum piece_kind {
    PIECE_FILE,  /* a whole content */
    PIECE_CHUNK, /* of a larger content */
    PIECE_END,   /* nothing: here a content ends whose chunks came before */
};

struct piece {
    enum piece_kind kind;
    struct fetch_place place; /* PIECE_END: only the digest */
    size_t count;             /* of equal contents, one after the other */
    size_t at;                /* in `out` */
    size_t path;              /* in `paths` */
    const char *problem;      /* of batch_fill(), as of fetch_content() */
};

/* Zero-initialised it is empty. It owns its memory, which is used again. */
struct batch {
    struct buf out, paths;
    struct piece *pieces;
    size_t count, capacity;
    bool done;             /* for the crew */
    enum status status;    /* of batch_fill() */
    struct diag_kept kept; /* its error */
};

/* Makes it empty. */
void batch_clear(struct batch *batch);

bool batch_is_full(const struct batch *batch);

/* Starts the pieces of a file. Returns 0; -1 if memory is out. */
int batch_path(struct batch *batch, const char *path);

/* Adds a piece of the last file, whose `kind`, `place` and `count` are set, and its gap. Returns 0;
 * -1 if memory is out. */
int batch_add(struct batch *batch, const struct piece *piece);

/* Fills the gaps, and stores status and message in the batch. */
void batch_fill(struct batch *batch, const struct fetch *fetch, struct fetcher *fetcher);

/* Prints a warning for each content that a pack did not have right, and the message of a failure.
 * Returns the status of batch_fill(). */
enum status batch_report(struct batch *batch, const struct fetch *fetch);

/* Releases the memory. */
void batch_free(struct batch *batch);

#endif
