#include "press.h"

#include "diag.h"

#include <string.h>

enum status press_open(struct press *press, int level)
{
    *press = (struct press){.encoder = zstd_frame_encoder_new(level),
                            .decoder = zstd_frame_decoder_new()};
    return press->encoder && press->decoder ? STATUS_OK : diag_no_memory();
}

enum status press_frame(struct press *press, struct frame *frame)
{
    const size_t length = frame->content.length;
    press->again.length = 0;
    if (buf_reserve(&press->again, length) != 0)
        return diag_no_memory();
    enum pack_error error =
        zstd_frame_encode(press->encoder, frame->content.bytes, length, &frame->compressed);
    if (error == PACK_OK)
        error = zstd_frame_decode(press->decoder, frame->compressed.bytes, frame->compressed.length,
                                  press->again.bytes, length);
    if (error == PACK_NO_MEMORY)
        return diag_no_memory();
    if (error == PACK_OK && memcmp(frame->content.bytes, press->again.bytes, length) == 0)
        return STATUS_OK;
    diag_error("a frame does not decompress to what was compressed%s%s; the machine's memory or "
               "libzstd may be at fault",
               error == PACK_OK ? "" : ": ", error == PACK_OK ? "" : pack_error_text(error));
    return STATUS_SYSTEM;
}

void press_close(struct press *press)
{
    zstd_frame_encoder_free(press->encoder);
    zstd_frame_decoder_free(press->decoder);
    buf_free(&press->again);
    *press = (struct press){0};
}
