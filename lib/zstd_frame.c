#include "zstd_frame.h"

#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

struct zstd_encoder *zstd_frame_encoder_new(int level)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    if (context && (ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)) ||
                    ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)))) {
        (void)ZSTD_freeCCtx(context);
        context = NULL;
    }
    return (struct zstd_encoder *)context;
}

struct zstd_decoder *zstd_frame_decoder_new(void)
{
    return (struct zstd_decoder *)ZSTD_createDCtx();
}

void zstd_frame_encoder_free(struct zstd_encoder *encoder)
{
    (void)ZSTD_freeCCtx((ZSTD_CCtx *)encoder);
}

void zstd_frame_decoder_free(struct zstd_decoder *decoder)
{
    (void)ZSTD_freeDCtx((ZSTD_DCtx *)decoder);
}

enum pack_error zstd_frame_encode(struct zstd_encoder *encoder, const void *content, size_t length,
                                  struct buf *frame)
{
    const size_t bound = ZSTD_compressBound(length);
    frame->length = 0;
    if (ZSTD_isError(bound))
        return PACK_BAD_COMPRESSOR;
    if (buf_reserve(frame, bound) != 0)
        return PACK_NO_MEMORY;
    const size_t got =
        ZSTD_compress2((ZSTD_CCtx *)encoder, frame->bytes, frame->capacity, content, length);
    if (ZSTD_isError(got))
        return ZSTD_getErrorCode(got) == ZSTD_error_memory_allocation ? PACK_NO_MEMORY
                                                                      : PACK_BAD_COMPRESSOR;
    frame->length = got;
    return PACK_OK;
}

/* Whether these bytes begin with a frame of RFC 8878. The decoder would also take skippable frames
 * and the formats before 1.0. */
static int has_magic(const void *frame, size_t length)
{
    static const unsigned char magic[] = {0x28, 0xb5, 0x2f, 0xfd};
    return length >= sizeof magic && memcmp(frame, magic, sizeof magic) == 0;
}

enum pack_error zstd_frame_decode(struct zstd_decoder *decoder, const void *frame,
                                  size_t frame_length, void *content, size_t length)
{
    if (!has_magic(frame, frame_length) ||
        ZSTD_findFrameCompressedSize(frame, frame_length) != frame_length)
        return PACK_BAD_FRAME;
    if (ZSTD_getFrameContentSize(frame, frame_length) != length)
        return PACK_BAD_SIZE;
    const size_t got =
        ZSTD_decompressDCtx((ZSTD_DCtx *)decoder, content, length, frame, frame_length);
    if (!ZSTD_isError(got))
        return got == length ? PACK_OK : PACK_BAD_SIZE;
    switch (ZSTD_getErrorCode(got)) {
    case ZSTD_error_memory_allocation:
        return PACK_NO_MEMORY;
    case ZSTD_error_checksum_wrong:
        return PACK_BAD_CHECKSUM;
    default:
        return PACK_BAD_FRAME;
    }
}
