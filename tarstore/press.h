/*
 * Compresses frames, and decompresses each again to compare it: an error of the compressor or of
 * the memory must not be found when the content is needed.
 */
#ifndef TARSTORE_PRESS_H
#define TARSTORE_PRESS_H

#include "frame.h"
#include "status.h"
#include "zstd_frame.h"

/* Zero-initialised it is safe to close. */
struct press {
    struct zstd_encoder *encoder;
    struct zstd_decoder *decoder;
    struct buf again; /* what a frame was decompressed to */
};

/* Prepares for frames. Returns a status; the error is printed. */
enum status press_open(struct press *press, int level);

/* Fills in the compressed form of the frame. Returns a status; the error is printed. */
enum status press_frame(struct press *press, struct frame *frame);

/* Releases everything. */
void press_close(struct press *press);

#endif
