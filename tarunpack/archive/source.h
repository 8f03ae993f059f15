/*
 * The input stream: reads, counts and hashes it. Every byte up to the end of the stream counts for
 * the digest, including those after the end of the archive. The fields are private to source.c.
 */
#ifndef TARUNPACK_ARCHIVE_SOURCE_H
#define TARUNPACK_ARCHIVE_SOURCE_H

#include "archive/hasher.h"
#include "digest.h"
#include "status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source {
    int fd;            /* -1: the buffer holds the whole stream */
    char *buffers;     /* HASHER_PIECES buffers, used in turn */
    char *buffer;      /* the present one */
    size_t start, end; /* its bytes that were read but not taken */
    bool ended;
    uint64_t taken;            /* total bytes taken */
    uint64_t read;             /* total bytes read */
    uint64_t limit;            /* maximum of `read` */
    struct digest *digest;     /* NULL: no digest is wanted */
    struct digest_value value; /* the digest, once `finished` */
    bool finished;
    struct hasher hasher;
};

/* Prepares to read `fd`, which stays the caller's, and to refuse more than `limit` bytes.
 * `algorithm` is that of the digest, NULL for none; with `threaded` a thread hashes. `source` must
 * not move until source_free(). Returns a status; errors are printed. */
enum status source_start(struct source *source, int fd, const enum digest_algorithm *algorithm,
                         uint64_t limit, bool threaded);

/* The same for `length` bytes in memory, which are copied. For tests. */
enum status source_start_memory(struct source *source, const void *bytes, size_t length);

/* Takes up to `want` bytes, a multiple of 512, off the stream. Stores their address, valid until
 * the next call, and their number, which is a multiple of 512 except at the end of the stream.
 * Returns a status; errors are printed. */
enum status source_take(struct source *source, size_t want, const char **bytes, size_t *got);

/* The number of bytes taken so far; and read so far, which is the stream's length once it has
 * ended. */
uint64_t source_position(const struct source *source);
uint64_t source_length(const struct source *source);

/* Reads and hashes the rest of the stream. Returns a status; errors are printed. */
enum status source_drain(struct source *source);

/* Stores the digest of the stream, which must have been read to its end, with an algorithm given to
 * source_start(). Returns a status; errors are printed. */
enum status source_digest(struct source *source, struct digest_value *value);

/* Releases the memory. */
void source_free(struct source *source);

#endif
