/*
 * Single zstd frames in memory. Pure. Only this module and zstd_stream include libzstd.
 *
 * A context is reused for any number of frames, by one thread at a time.
 */
#ifndef ZLSNAP_ZSTD_FRAME_H
#define ZLSNAP_ZSTD_FRAME_H

#include "buf.h"
#include "pack.h"

#include <stddef.h>

/* The highest compression level. */
#define ZSTD_FRAME_LEVEL_MAX 22

struct zstd_encoder;
struct zstd_decoder;

/* Create a context; `level` is 1 to ZSTD_FRAME_LEVEL_MAX. Return NULL if memory is out. */
struct zstd_encoder *zstd_frame_encoder_new(int level);
struct zstd_decoder *zstd_frame_decoder_new(void);

/* Release a context; NULL is allowed. */
void zstd_frame_encoder_free(struct zstd_encoder *encoder);
void zstd_frame_decoder_free(struct zstd_decoder *decoder);

/* Replaces the contents of `frame` by one frame, with content size and checksum. Returns PACK_OK,
 * PACK_NO_MEMORY or PACK_BAD_COMPRESSOR. */
enum pack_error zstd_frame_encode(struct zstd_encoder *encoder, const void *content, size_t length,
                                  struct buf *frame);

/* Decompresses `frame`, which may be anything: it must be exactly one frame that is not skippable,
 * and state and have exactly `length` bytes of content. No more than that is written to `content`.
 * Returns PACK_OK, PACK_NO_MEMORY, PACK_BAD_FRAME, PACK_BAD_CHECKSUM or PACK_BAD_SIZE. */
enum pack_error zstd_frame_decode(struct zstd_decoder *decoder, const void *frame,
                                  size_t frame_length, void *content, size_t length);

#endif
