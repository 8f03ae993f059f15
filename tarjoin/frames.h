/*
 * Decompressed frames of packs. Those that are likely to be needed again stay in memory. All
 * threads share them.
 */
#ifndef TARJOIN_FRAMES_H
#define TARJOIN_FRAMES_H

#include "packs.h"
#include "status.h"

#include <stdint.h>

/* The most bytes of frames in memory, besides 6 MiB for the next one. */
#define FRAMES_KEPT ((size_t)40 << 20)

/* What one thread reads frames with. Zero-initialised it is safe to close. */
struct frame_reader {
    struct zstd_decoder *decoder;
    struct buf compressed;
};

/* What was read. */
struct frames_total {
    uint64_t packs;  /* from which frames were read */
    uint64_t frames; /* each as often as it was read */
    uint64_t bytes;  /* of the frames in the packs */
};

struct frames;

/* Returns a status; an error is printed. */
enum status frame_reader_open(struct frame_reader *reader);
void frame_reader_close(struct frame_reader *reader);

/* Prepares to read the packs in the open directory; both are borrowed. Stores NULL on failure. The
 * caller releases it with frames_free(). Returns a status; an error is printed. */
enum status frames_new(struct frames **made, const struct packs *packs, int directory);

/* Copies `length` bytes, at least 1, from `offset` of the decompressed data of pack `number`. They
 * must be within one frame. Returns STATUS_OK; STATUS_SYSTEM, with the error printed; or
 * STATUS_ARCHIVE, with a static text in `*problem` that completes "PACK: ". */
enum status frames_read(struct frames *frames, struct frame_reader *reader, size_t number,
                        uint64_t offset, size_t length, void *bytes, const char **problem);

/* Only while no other thread reads. */
struct frames_total frames_total(const struct frames *frames);

/* Releases the memory. NULL is allowed. */
void frames_free(struct frames *frames);

#endif
