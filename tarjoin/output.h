/*
 * Writes the tar.
 */
#ifndef TARJOIN_OUTPUT_H
#define TARJOIN_OUTPUT_H

#include "batch.h"

/* Zero-initialised it is safe to close. */
struct output {
    int fd;               /* borrowed */
    uint64_t bytes;       /* written */
    struct digest *whole; /* of the chunks of a content so far */
};

/* Returns a status, as all of these; an error is printed. */
enum status output_open(struct output *output, int fd);

/* Writes a filled batch. The contents whose chunks end in it are compared with their digests first:
 * nothing else vouches for the chunk map. */
enum status output_write(struct output *output, const struct batch *batch);

/* Writes the end of the archive. */
enum status output_end(struct output *output);

/* Closes standard output. */
enum status output_close_stdout(void);

void output_close(struct output *output);

#endif
