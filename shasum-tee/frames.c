#include "frames.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

/* The limit of the zstd CLI without --long or --memory. */
#define WINDOW_LOG_MAX 27

enum { MAGIC_SIZE = 4 };

struct frames {
    ZSTD_DCtx *decoder;
    unsigned char *buffer; /* for the content */
    size_t buffer_size;
    unsigned char magic[MAGIC_SIZE]; /* the first bytes of a frame, collected */
    size_t magic_filled;
    bool inside; /* within a frame, after its magic number */
    bool any;    /* at least one frame is complete */
};

struct frames *frames_new(void)
{
    struct frames *frames = calloc(1, sizeof *frames);
    if (!frames)
        return NULL;
    frames->decoder = ZSTD_createDCtx();
    frames->buffer_size = ZSTD_DStreamOutSize();
    frames->buffer = malloc(frames->buffer_size);
    if (!frames->decoder || !frames->buffer ||
        ZSTD_isError(
            ZSTD_DCtx_setParameter(frames->decoder, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) {
        frames_free(frames);
        return NULL;
    }
    return frames;
}

void frames_free(struct frames *frames)
{
    if (!frames)
        return;
    (void)ZSTD_freeDCtx(frames->decoder);
    free(frames->buffer);
    free(frames);
}

static enum frames_error translate(size_t code)
{
    switch (ZSTD_getErrorCode(code)) {
    case ZSTD_error_frameParameter_windowTooLarge:
        return FRAMES_WINDOW;
    case ZSTD_error_checksum_wrong:
        return FRAMES_CHECKSUM;
    case ZSTD_error_dictionary_wrong:
        return FRAMES_DICTIONARY;
    case ZSTD_error_memory_allocation:
        return FRAMES_MEMORY;
    default:
        return FRAMES_CORRUPT;
    }
}

static enum frames_error decode(struct frames *frames, struct frames_input *input,
                                struct frames_content *content)
{
    ZSTD_inBuffer in = {.src = input->bytes, .size = input->length};
    ZSTD_outBuffer out = {.dst = frames->buffer, .size = frames->buffer_size};
    size_t left = ZSTD_decompressStream(frames->decoder, &out, &in);
    if (ZSTD_isError(left))
        return translate(left);
    input->bytes += in.pos;
    input->length -= in.pos;
    content->bytes = frames->buffer;
    content->length = out.pos;
    if (left == 0) { /* the frame is complete, and so is its content */
        frames->inside = false;
        frames->any = true;
    }
    return FRAMES_OK;
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
static enum frames_error begin(struct frames *frames, struct frames_input *input,
                               struct frames_content *content)
{
    while (frames->magic_filled < MAGIC_SIZE) {
        if (input->length == 0)
            return FRAMES_OK;
        frames->magic[frames->magic_filled++] = *input->bytes++;
        input->length--;
    }
    if (!is_magic(frames->magic))
        return frames->any ? FRAMES_JUNK : FRAMES_FOREIGN;
    frames->magic_filled = 0;
    frames->inside = true;
    struct frames_input magic = {.bytes = frames->magic, .length = MAGIC_SIZE};
    enum frames_error error = decode(frames, &magic, content);
    /* The header of a frame is longer, so the decoder buffers these four bytes. */
    return error == FRAMES_OK && magic.length > 0 ? FRAMES_CORRUPT : error;
}

enum frames_error frames_next(struct frames *frames, struct frames_input *input,
                              struct frames_content *content)
{
    *content = (struct frames_content){0};
    return frames->inside ? decode(frames, input, content) : begin(frames, input, content);
}

enum frames_error frames_end(const struct frames *frames)
{
    if (frames->inside)
        return FRAMES_CUT;
    if (frames->magic_filled > 0)
        return frames->any ? FRAMES_JUNK : FRAMES_FOREIGN;
    return frames->any ? FRAMES_OK : FRAMES_EMPTY;
}

const char *frames_text(enum frames_error error)
{
    static const char *const texts[] = {
        [FRAMES_OK] = "valid",
        [FRAMES_EMPTY] = "it is empty",
        [FRAMES_FOREIGN] = "it does not begin with a zstd frame",
        [FRAMES_JUNK] = "something else follows the last frame",
        [FRAMES_CUT] = "it ends within a frame",
        [FRAMES_WINDOW] = "a frame needs a window above the limit of 128 MiB",
        [FRAMES_CHECKSUM] = "the checksum of a frame is wrong",
        [FRAMES_DICTIONARY] = "a frame needs a dictionary",
        [FRAMES_CORRUPT] = "a frame is corrupt",
        [FRAMES_MEMORY] = "not enough memory to decompress it",
    };
    return texts[error];
}
