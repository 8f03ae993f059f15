/*
 * Contents of small files, with their records for the contents stream, which are read and digested
 * together.
 */
#ifndef TARPACK_BATCH_H
#define TARPACK_BATCH_H

#include "buf.h"
#include "content/source.h"
#include "content/token.h"
#include "stream.h"

/* A batch is full with so many bytes or contents. */
#define BATCH_BYTES (STREAM_CHUNK * 4)
#define BATCH_PIECES 64

/* A content in a batch: its record from `begun`, its bytes from `bytes` up to `end`. */
struct piece {
    size_t begun, bytes, end;
    bool unread;          /* the bytes are read from `source` */
    bool checked;         /* they are not stored, and `source` stays open */
    struct source source; /* if unread, open until that is done */
    struct guess guess;   /* if unread */
    size_t path;          /* of the source, in the batch's paths */
    struct hasher_token token;
    struct digest_value value;
};

/* Zero-initialised it is empty. */
struct batch {
    struct buf out, paths;
    struct buf scratch; /* a part of a content that is checked */
    struct piece pieces[BATCH_PIECES];
    size_t count;
    bool done, failed; /* digested; `failed` if that was not possible */
};

/* Reads and digests the contents, and closes their files, but for those that are checked. Failures
 * are noted. May be called again. */
void batch_digest(struct batch *batch, struct digest *digest);

/* Closes the file of a content that is checked. */
void piece_close(struct piece *piece);

/* Removes the contents and closes their files; what follows them in `out` moves to its beginning.
 * Returns by how many bytes. */
size_t batch_clear(struct batch *batch);

/* Closes the files and releases the memory. */
void batch_free(struct batch *batch);

#endif
