/*
 * The stream that comes in: read, hashed and counted before anyone looks at it. Every byte up to
 * its end goes into the digest, also what stands behind the end of the archive.
 */
#ifndef TARUNPACK_ARCHIVE_SOURCE_H
#define TARUNPACK_ARCHIVE_SOURCE_H

#include "archive/hasher.h"
#include "digest.h"
#include "status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Its fields are for source.c alone. */
struct source {
    int fd;            /* -1: all there is lies in the buffer */
    char *buffers;     /* as many as the hasher has pieces, used in turn */
    char *buffer;      /* the one that is being taken from: */
    size_t start, end; /* what was read and not taken */
    bool ended;
    uint64_t taken;            /* bytes given out in all */
    uint64_t read;             /* bytes read in all */
    uint64_t limit;            /* of read */
    struct digest *digest;     /* NULL: not asked for */
    struct digest_value value; /* once it is known */
    bool finished;
    struct hasher hasher;
};

/* Prepares to read `fd`, which stays the caller's, and to refuse more than `limit` bytes;
 * `algorithm`: of the digest, NULL if nobody is to ask for one; `threaded`: to hash beside the
 * caller. `source` stays where it is until source_free(). Returns a status; the line is printed. */
enum status source_start(struct source *source, int fd, const enum digest_algorithm *algorithm,
                         uint64_t limit, bool threaded);

/* The same over `length` bytes in memory, which are copied: for tests. */
enum status source_start_memory(struct source *source, const void *bytes, size_t length);

/* Takes up to `want` bytes, a multiple of 512, off the stream. Stores where they lie until the next
 * call, and how many there are: less than 512 only at the end of the stream, else a multiple of
 * 512. Returns a status; the line is printed. */
enum status source_take(struct source *source, size_t want, const char **bytes, size_t *got);

/* How many bytes were taken so far; and read, which is the length of the stream once it has ended.
 */
uint64_t source_position(const struct source *source);
uint64_t source_length(const struct source *source);

/* Reads and hashes all that is left. Returns a status; the line is printed. */
enum status source_drain(struct source *source);

/* Stores the digest of the whole stream, which has been taken to its end; not to be called if none
 * was asked for. Returns a status; the line is printed. */
enum status source_digest(struct source *source, struct digest_value *value);

/* Releases the memory. */
void source_free(struct source *source);

#endif
