#include "archive/source.h"

#include "diag.h"
#include "stream.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static enum status start(struct source *source, const enum digest_algorithm *algorithm, size_t size,
                         bool threaded)
{
    source->digest = algorithm ? digest_new(*algorithm) : NULL;
    if (algorithm && !source->digest)
        return diag_error("cannot compute %s digests", digest_algorithm_name(*algorithm));
    source->buffers = source->buffer = malloc(size);
    if (!source->buffers)
        return diag_no_memory();
    hasher_start(&source->hasher, source->digest, threaded && algorithm);
    return STATUS_OK;
}

enum status source_start(struct source *source, int fd, const enum digest_algorithm *algorithm,
                         uint64_t limit, bool threaded)
{
    *source = (struct source){.fd = fd, .limit = limit};
    stream_grow_pipe(fd);
    return start(source, algorithm, STREAM_CHUNK * HASHER_PIECES, threaded);
}

enum status source_start_memory(struct source *source, const void *bytes, size_t length)
{
    *source = (struct source){.fd = -1, .limit = UINT64_MAX, .ended = true};
    const enum digest_algorithm algorithm = DIGEST_SHA256;
    enum status status = start(source, &algorithm, length + 1, false);
    if (status != STATUS_OK)
        return status;
    memcpy(source->buffer, bytes, length);
    source->end = source->read = length;
    hasher_give(&source->hasher, source->buffer, length);
    return STATUS_OK;
}

/* The next buffer in turn, once its old contents are hashed. */
static char *buffer_next(struct source *source)
{
    uint64_t turn = source->read / STREAM_CHUNK;
    hasher_wait(&source->hasher, HASHER_PIECES - 1);
    return source->buffers + turn % HASHER_PIECES * STREAM_CHUNK;
}

/* Fills a buffer; only the last one of the stream may be shorter. */
static enum status fill(struct source *source)
{
    source->buffer = buffer_next(source);
    ssize_t got = stream_read(source->fd, source->buffer, STREAM_CHUNK);
    if (got < 0)
        return diag_errno("cannot read standard input");
    source->start = 0;
    source->end = (size_t)got;
    source->ended = source->end < STREAM_CHUNK;
    source->read += source->end;
    if (source->read > source->limit) {
        diag_error("the stream is longer than %" PRIu64 " bytes (--max-stream)", source->limit);
        return STATUS_ARCHIVE;
    }
    hasher_give(&source->hasher, source->buffer, source->end);
    return STATUS_OK;
}

enum status source_take(struct source *source, size_t want, const char **bytes, size_t *got)
{
    if (source->start == source->end && !source->ended) {
        enum status status = fill(source);
        if (status != STATUS_OK)
            return status;
    }
    size_t there = source->end - source->start;
    *got = there < want ? there : want;
    *bytes = source->buffer + source->start;
    source->start += *got;
    source->taken += *got;
    return STATUS_OK;
}

uint64_t source_position(const struct source *source)
{
    return source->taken;
}

uint64_t source_length(const struct source *source)
{
    return source->read;
}

enum status source_drain(struct source *source)
{
    enum status status = STATUS_OK;
    while (status == STATUS_OK && !source->ended)
        status = fill(source);
    return status;
}

enum status source_digest(struct source *source, struct digest_value *value)
{
    if (!source->finished &&
        (hasher_stop(&source->hasher) != 0 || digest_final(source->digest, &source->value) != 0))
        return diag_error("cannot compute the digest");
    source->finished = true;
    *value = source->value;
    return STATUS_OK;
}

void source_free(struct source *source)
{
    (void)hasher_stop(&source->hasher);
    digest_free(source->digest);
    free(source->buffers);
    *source = (struct source){0};
}
