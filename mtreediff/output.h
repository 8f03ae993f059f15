/*
 * Standard output, buffered and hashed.
 */
#ifndef MTREEDIFF_OUTPUT_H
#define MTREEDIFF_OUTPUT_H

#include "buf.h"
#include "digest.h"
#include "status.h"

/* Zero-initialised it is ready, and not hashed. It owns its members. */
struct output {
    struct buf buf; /* append to it, then call output_check() */
    struct digest *digest;
};

/* Starts to hash what is written. Returns a status; the error is printed. */
enum status output_hash(struct output *output);

/* Writes the buffer if it is large. Returns a status; an error is printed. */
enum status output_check(struct output *output);

/* Writes the rest and stores the digest of all that was written. Returns a status; an error is
 * printed. */
enum status output_digest(struct output *output, struct digest_value *value);

/* Writes the rest and closes standard output. Returns a status; an error is printed. */
enum status output_close(struct output *output);

void output_free(struct output *output);

#endif
