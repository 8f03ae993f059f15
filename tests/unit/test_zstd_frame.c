/*
 * Single zstd frames: what was compressed comes back, and nothing else than one whole frame of the
 * expected size is decompressed.
 */
#include "tap.h"
#include "zstd_frame.h"

#include <stdlib.h>

enum { SIZE = 100000 };

static unsigned char content[SIZE], decoded[SIZE + 1];

static void content_fill(void)
{
    unsigned state = 1;
    for (size_t i = 0; i < SIZE; i++) {
        state = state * 1103515245 + 12345;
        content[i] = (unsigned char)(state >> 24 & 0x3f);
    }
}

static enum pack_error try_decode(struct zstd_decoder *decoder, const struct buf *frame,
                                  size_t length)
{
    decoded[length < SIZE ? length : SIZE] = 0xa5;
    return zstd_frame_decode(decoder, frame->bytes, frame->length, decoded, length);
}

static void test_round_trip(struct zstd_encoder *encoder, struct zstd_decoder *decoder)
{
    static const size_t sizes[] = {0, 1, 255, 65536, SIZE};
    struct buf frame = {0};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        CHECK(zstd_frame_encode(encoder, content, sizes[i], &frame) == PACK_OK &&
                  try_decode(decoder, &frame, sizes[i]) == PACK_OK &&
                  memcmp(content, decoded, sizes[i]) == 0 && decoded[sizes[i]] == 0xa5,
              "%zu bytes come back", sizes[i]);
    }
    /* RFC 8878, 3.1.1.1.1: bit 2 of the descriptor says that there is a checksum. */
    CHECK(frame.bytes[4] & 4, "a frame has a checksum");
    buf_free(&frame);
}

static void test_strict(struct zstd_encoder *encoder, struct zstd_decoder *decoder)
{
    struct buf frame = {0};
    (void)zstd_frame_encode(encoder, content, SIZE, &frame);
    CHECK(try_decode(decoder, &frame, SIZE - 1) == PACK_BAD_SIZE, "a longer content is refused");
    CHECK(try_decode(decoder, &frame, SIZE + 1) == PACK_BAD_SIZE, "a shorter content is refused");
    const size_t whole = frame.length;
    frame.length = whole - 1;
    CHECK(try_decode(decoder, &frame, SIZE) == PACK_BAD_FRAME, "a cut frame is refused");
    frame.length = 3;
    CHECK(try_decode(decoder, &frame, SIZE) == PACK_BAD_FRAME, "less than a magic is refused");
    frame.length = whole;
    (void)buf_append(&frame, "x", 1);
    CHECK(try_decode(decoder, &frame, SIZE) == PACK_BAD_FRAME, "a byte behind it is refused");
    frame.length = whole;
    frame.bytes[whole - 1] = (char)(frame.bytes[whole - 1] ^ 1);
    CHECK(try_decode(decoder, &frame, SIZE) == PACK_BAD_CHECKSUM, "a wrong checksum is refused");
    frame.bytes[whole - 1] = (char)(frame.bytes[whole - 1] ^ 1);
    CHECK(try_decode(decoder, &frame, SIZE) == PACK_OK, "the context works after errors");
    buf_free(&frame);
}

static void test_kinds(struct zstd_encoder *encoder, struct zstd_decoder *decoder)
{
    static const unsigned char skippable[] = {0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0};
    CHECK(zstd_frame_decode(decoder, skippable, sizeof skippable, decoded, 0) == PACK_BAD_FRAME,
          "a skippable frame is refused");
    struct buf two = {0}, frame = {0};
    (void)zstd_frame_encode(encoder, content, 10, &frame);
    (void)buf_append(&two, frame.bytes, frame.length);
    (void)buf_append(&two, frame.bytes, frame.length);
    CHECK(try_decode(decoder, &two, 20) == PACK_BAD_FRAME, "two frames are refused");
    buf_free(&two);
    buf_free(&frame);
}

/* A frame that states 10 bytes and has more: block 1 of 2 is a run of 128 KiB - 1. */
static void test_bomb(struct zstd_decoder *decoder)
{
    static const unsigned char bomb[] = {0x28, 0xb5, 0x2f, 0xfd, 0x20, 10, 0xfb, 0xff, 0x0f, 'x'};
    decoded[10] = 0xa5;
    CHECK(zstd_frame_decode(decoder, bomb, sizeof bomb, decoded, 10) == PACK_BAD_FRAME &&
              decoded[10] == 0xa5,
          "a frame that has more content than it states is refused");
}

int main(void)
{
    content_fill();
    struct zstd_encoder *encoder = zstd_frame_encoder_new(3);
    struct zstd_decoder *decoder = zstd_frame_decoder_new();
    if (!CHECK(encoder && decoder, "there are contexts"))
        return tap_done();
    test_round_trip(encoder, decoder);
    test_strict(encoder, decoder);
    test_kinds(encoder, decoder);
    test_bomb(decoder);
    zstd_frame_encoder_free(encoder);
    zstd_frame_decoder_free(decoder);
    return tap_done();
}
