/*
 * Makes the tar again: from a manifest and contents to the output.
 */
#ifndef TARJOIN_JOIN_H
#define TARJOIN_JOIN_H

#include "chunks.h"
#include "fetch.h"
#include "manifest.h"

/* What it reads from; all borrowed. */
struct join {
    struct manifest *manifest;
    struct chunks *chunks; /* NULL: none; then large files are an error */
    struct fetch *fetch;
};

/* Writes all entries to `fd`, without the end of the archive, each content after its digest was
 * compared. Returns a status, as all of these; an error is printed. */
enum status join_tar(const struct join *join, int fd);

/* Prints the packs that join_tar() would read to stdout, one a line. */
enum status join_needs(const struct join *join);

/* Writes the end of the archive. */
enum status join_end(int fd);

#endif
