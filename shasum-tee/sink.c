#include "sink.h"

#include "diag.h"

enum status sink_open(struct sink *sink, enum digest_algorithm algorithm, bool zstd)
{
    *sink = (struct sink){0};
    sink->result.zstd = zstd;
    sink->digest = digest_new(algorithm);
    if (!sink->digest)
        return diag_error("libcrypto cannot compute %s", digest_algorithm_name(algorithm));
    if (!zstd)
        return STATUS_OK;
    sink->content_digest = digest_new(algorithm);
    sink->stream = zstd_stream_new();
    return sink->content_digest && sink->stream ? STATUS_OK : diag_no_memory();
}

static enum status fail_digest(void)
{
    return diag_error("libcrypto failed to compute the digest");
}

/* Records and prints an error in the frames. */
static enum status fail_frames(struct sink *sink, enum zstd_stream_error fault)
{
    sink->fault = fault;
    if (fault == ZSTD_STREAM_MEMORY)
        return diag_error("%s", zstd_stream_text(fault));
    diag_error("the input is not a valid zstd stream: %s", zstd_stream_text(fault));
    return STATUS_ARCHIVE;
}

/* Decompresses and hashes the bytes. Returns STATUS_ARCHIVE after an error in the frames. */
static enum status add_content(struct sink *sink, const void *bytes, size_t length)
{
    struct zstd_stream_input input = {.bytes = bytes, .length = length};
    struct zstd_stream_content content = {0};
    do {
        enum zstd_stream_error fault = zstd_stream_next(sink->stream, &input, &content);
        if (fault != ZSTD_STREAM_OK)
            return fail_frames(sink, fault);
        if (digest_update(sink->content_digest, content.bytes, content.length) != 0)
            return fail_digest();
        sink->result.content_size += content.length;
    } while (input.length > 0 || content.length > 0);
    return STATUS_OK;
}

enum status sink_add(struct sink *sink, const void *bytes, size_t length)
{
    sink->result.size += length;
    if (digest_update(sink->digest, bytes, length) != 0)
        return fail_digest();
    if (!sink->stream || sink->fault != ZSTD_STREAM_OK)
        return STATUS_OK;
    enum status status = add_content(sink, bytes, length);
    return status == STATUS_ARCHIVE ? STATUS_OK : status;
}

enum status sink_finish(struct sink *sink, struct sink_result *result)
{
    if (digest_final(sink->digest, &sink->result.digest) != 0)
        return fail_digest();
    *result = sink->result;
    if (!sink->stream)
        return STATUS_OK;
    if (sink->fault != ZSTD_STREAM_OK)
        return STATUS_ARCHIVE;
    enum zstd_stream_error fault = zstd_stream_end(sink->stream);
    if (fault != ZSTD_STREAM_OK)
        return fail_frames(sink, fault);
    return digest_final(sink->content_digest, &result->content_digest) == 0 ? STATUS_OK
                                                                            : fail_digest();
}

void sink_close(struct sink *sink)
{
    digest_free(sink->digest);
    digest_free(sink->content_digest);
    zstd_stream_free(sink->stream);
    *sink = (struct sink){0};
}
