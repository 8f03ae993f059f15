/*
 * Counts and hashes the copied bytes and, with --zstd, decompresses them and hashes the content.
 */
#ifndef SHASUM_TEE_SINK_H
#define SHASUM_TEE_SINK_H

#include "digest.h"
#include "status.h"
#include "zstd_stream.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Digest and size of the stream. */
struct sink_result {
    struct digest_value digest;
    uint64_t size;
    bool zstd; /* whether the next two are valid */
    struct digest_value content_digest;
    uint64_t content_size;
};

/* Zero-initialised it is safe to close. */
struct sink {
    struct digest *digest;
    struct digest *content_digest; /* NULL without --zstd */
    struct zstd_stream *stream;
    enum zstd_stream_error fault; /* the first error in the frames; hashing goes on after it */
    struct sink_result result;
};

/* Starts a stream. Returns STATUS_OK or STATUS_SYSTEM; sink_close() must follow in either case. */
enum status sink_open(struct sink *sink, enum digest_algorithm algorithm, bool zstd);

/* Adds the next bytes. Returns STATUS_OK or STATUS_SYSTEM. An error in the zstd frames is printed
 * at once but returned only by sink_finish(): a wrong digest of the whole input is the more
 * important result, and stopping early would only kill the producers. */
enum status sink_add(struct sink *sink, const void *bytes, size_t length);

/* Ends the stream and stores the result. Returns STATUS_OK, STATUS_SYSTEM, or STATUS_ARCHIVE: then
 * only `digest` and `size` of the result are valid. */
enum status sink_finish(struct sink *sink, struct sink_result *result);

/* Releases everything. */
void sink_close(struct sink *sink);

#endif
