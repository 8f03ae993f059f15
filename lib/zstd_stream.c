#include "zstd_stream.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

/* The limit of the zstd CLI without --long or --memory. */
#define WINDOW_LOG_MAX 27

enum { MAGIC_SIZE = 4 };

struct zstd_stream {
    ZSTD_DCtx *decoder;
    unsigned char *buffer; /* for the content */
    size_t buffer_size;
    unsigned char magic[MAGIC_SIZE]; /* the first bytes of a frame, collected */
    size_t magic_filled;
    bool inside; /* within a frame, after its magic number */
    bool any;    /* at least one frame is complete */
};

struct zstd_stream *zstd_stream_new(void)
{
    struct zstd_stream *stream = calloc(1, sizeof *stream);
    if (!stream)
        return NULL;
    stream->decoder = ZSTD_createDCtx();
    stream->buffer_size = ZSTD_DStreamOutSize();
    stream->buffer = malloc(stream->buffer_size);
    if (!stream->decoder || !stream->buffer ||
        ZSTD_isError(
            ZSTD_DCtx_setParameter(stream->decoder, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) {
        zstd_stream_free(stream);
        return NULL;
    }
    return stream;
}

void zstd_stream_free(struct zstd_stream *stream)
{
    if (!stream)
        return;
    (void)ZSTD_freeDCtx(stream->decoder);
    free(stream->buffer);
    free(stream);
}

static enum zstd_stream_error translate(size_t code)
{
    switch (ZSTD_getErrorCode(code)) {
    case ZSTD_error_frameParameter_windowTooLarge:
        return ZSTD_STREAM_WINDOW;
    case ZSTD_error_checksum_wrong:
        return ZSTD_STREAM_CHECKSUM;
    case ZSTD_error_dictionary_wrong:
        return ZSTD_STREAM_DICTIONARY;
    case ZSTD_error_memory_allocation:
        return ZSTD_STREAM_MEMORY;
    default:
        return ZSTD_STREAM_CORRUPT;
    }
}

static enum zstd_stream_error decode(struct zstd_stream *stream, struct zstd_stream_input *input,
                                     struct zstd_stream_content *content)
{
    ZSTD_inBuffer in = {.src = input->bytes, .size = input->length};
    ZSTD_outBuffer out = {.dst = stream->buffer, .size = stream->buffer_size};
    size_t left = ZSTD_decompressStream(stream->decoder, &out, &in);
    if (ZSTD_isError(left))
        return translate(left);
    input->bytes += in.pos;
    input->length -= in.pos;
    content->bytes = stream->buffer;
    content->length = out.pos;
    if (left == 0) { /* the frame is complete, and so is its content */
        stream->inside = false;
        stream->any = true;
    }
    return ZSTD_STREAM_OK;
}

/* Whether this is the magic number of a frame or a skippable frame (RFC 8878, 3.1.1, 3.1.2). */
static bool is_magic(const unsigned char magic[static MAGIC_SIZE])
{
    static const unsigned char frame[] = {0x28, 0xb5, 0x2f, 0xfd};
    static const unsigned char skippable[] = {0x2a, 0x4d, 0x18};
    return memcmp(magic, frame, sizeof frame) == 0 ||
           ((magic[0] & 0xf0) == 0x50 && memcmp(magic + 1, skippable, sizeof skippable) == 0);
}

/* Collects the magic number of a frame, which may come in pieces, and passes a known one on to the
 * decoder. By itself the decoder would also accept the formats before 1.0. */
static enum zstd_stream_error begin(struct zstd_stream *stream, struct zstd_stream_input *input,
                                    struct zstd_stream_content *content)
{
    while (stream->magic_filled < MAGIC_SIZE) {
        if (input->length == 0)
            return ZSTD_STREAM_OK;
        stream->magic[stream->magic_filled++] = *input->bytes++;
        input->length--;
    }
    if (!is_magic(stream->magic))
        return stream->any ? ZSTD_STREAM_JUNK : ZSTD_STREAM_FOREIGN;
    stream->magic_filled = 0;
    stream->inside = true;
    struct zstd_stream_input magic = {.bytes = stream->magic, .length = MAGIC_SIZE};
    enum zstd_stream_error error = decode(stream, &magic, content);
    /* The header of a frame is longer, so the decoder buffers these four bytes. */
    return error == ZSTD_STREAM_OK && magic.length > 0 ? ZSTD_STREAM_CORRUPT : error;
}

enum zstd_stream_error zstd_stream_next(struct zstd_stream *stream, struct zstd_stream_input *input,
                                        struct zstd_stream_content *content)
{
    *content = (struct zstd_stream_content){0};
    return stream->inside ? decode(stream, input, content) : begin(stream, input, content);
}

enum zstd_stream_error zstd_stream_end(const struct zstd_stream *stream)
{
    if (stream->inside)
        return ZSTD_STREAM_CUT;
    if (stream->magic_filled > 0)
        return stream->any ? ZSTD_STREAM_JUNK : ZSTD_STREAM_FOREIGN;
    return stream->any ? ZSTD_STREAM_OK : ZSTD_STREAM_EMPTY;
}

const char *zstd_stream_text(enum zstd_stream_error error)
{
    static const char *const texts[] = {
        [ZSTD_STREAM_OK] = "valid",
        [ZSTD_STREAM_EMPTY] = "it is empty",
        [ZSTD_STREAM_FOREIGN] = "it does not begin with a zstd frame",
        [ZSTD_STREAM_JUNK] = "something else follows the last frame",
        [ZSTD_STREAM_CUT] = "it ends within a frame",
        [ZSTD_STREAM_WINDOW] = "a frame needs a window above the limit of 128 MiB",
        [ZSTD_STREAM_CHECKSUM] = "the checksum of a frame is wrong",
        [ZSTD_STREAM_DICTIONARY] = "a frame needs a dictionary",
        [ZSTD_STREAM_CORRUPT] = "a frame is corrupt",
        [ZSTD_STREAM_MEMORY] = "not enough memory to decompress it",
    };
    return texts[error];
}
