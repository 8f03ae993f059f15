/*
 * Decompresses and checks a zstd stream piece by piece. Does no I/O and prints nothing. Only this
 * module and zstd_frame include libzstd.
 *
 * A valid stream (RFC 8878, section 3) is one or more frames, including skippable ones, and nothing
 * else. To bound memory, windows above 128 MiB, the default limit of `zstd -d`, are refused. So are
 * the formats before zstd 1.0.
 */
#ifndef ZLSNAP_ZSTD_STREAM_H
#define ZLSNAP_ZSTD_STREAM_H

#include <stddef.h>
#include <stdint.h>

enum zstd_stream_error {
    ZSTD_STREAM_OK,
    ZSTD_STREAM_EMPTY,
    ZSTD_STREAM_FOREIGN,
    ZSTD_STREAM_JUNK,
    ZSTD_STREAM_CUT,
    ZSTD_STREAM_WINDOW,
    ZSTD_STREAM_CHECKSUM,
    ZSTD_STREAM_DICTIONARY,
    ZSTD_STREAM_CORRUPT,
    ZSTD_STREAM_MEMORY, /* out of memory; the stream may be valid */
};

/* A part of the stream; zstd_stream_next() consumes it from the front. */
struct zstd_stream_input {
    const unsigned char *bytes;
    size_t length;
};

/* A piece of decompressed content, valid until the next call. */
struct zstd_stream_content {
    const unsigned char *bytes;
    size_t length;
};

struct zstd_stream;

/* Starts a stream. Returns NULL if memory is out. */
struct zstd_stream *zstd_stream_new(void);

/* Releases `stream`; NULL is allowed. */
void zstd_stream_free(struct zstd_stream *stream);

/* Consumes bytes of `input` and stores what they decompress to, which may be nothing yet. To be
 * called until `input` is empty and no content comes. After an error only zstd_stream_free() may
 * follow.
 */
enum zstd_stream_error zstd_stream_next(struct zstd_stream *stream, struct zstd_stream_input *input,
                                        struct zstd_stream_content *content);

/* Checks that the stream may end here. */
enum zstd_stream_error zstd_stream_end(const struct zstd_stream *stream);

/* A static text that describes the error. */
const char *zstd_stream_text(enum zstd_stream_error error);

#endif
