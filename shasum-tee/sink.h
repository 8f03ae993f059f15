/*
 * What happens to the bytes beside their being copied: they are counted, hashed and, where asked,
 * decompressed and hashed again.
 */
#ifndef SHASUM_TEE_SINK_H
#define SHASUM_TEE_SINK_H

#include "digest.h"
#include "frames.h"
#include "status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What was found out about the stream. */
struct sink_result {
    struct digest_value digest;
    uint64_t size;
    bool zstd; /* whether the two below are there */
    struct digest_value content_digest;
    uint64_t content_size;
};

/* Zero-initialised it is safe to close. */
struct sink {
    struct digest *digest;
    struct digest *content_digest; /* NULL if there is nothing to decompress */
    struct frames *frames;
    enum frames_error fault; /* of the frames; the bytes are still counted and hashed after one */
    struct sink_result result;
};

/* Starts a stream. Returns STATUS_OK; STATUS_SYSTEM. To be closed in either case. */
enum status sink_open(struct sink *sink, enum digest_algorithm algorithm, bool zstd);

/* Adds the next bytes. Returns STATUS_OK; STATUS_SYSTEM. A fault of the zstd frames is told at once
 * but is not returned before sink_finish(): whether the whole input has the expected digest says
 * more about it, and stopping here would only kill the stages before. */
enum status sink_add(struct sink *sink, const void *bytes, size_t length);

/* Ends the stream and stores what was found in `result`. Returns STATUS_OK; STATUS_SYSTEM;
 * STATUS_ARCHIVE where only `digest` and `size` of the result count. */
enum status sink_finish(struct sink *sink, struct sink_result *result);

/* Releases what the sink holds. */
void sink_close(struct sink *sink);

#endif
