/*
 * Decompressed frames of packs, of which the recently used stay in memory.
 */
#ifndef TARJOIN_FRAMES_H
#define TARJOIN_FRAMES_H

#include "packs.h"
#include "status.h"

#include <stdint.h>

/* The most bytes of frames that stay in memory. Contents are read in the order of the walk, in
 * which they also are in a pack, so this many frames serve a file whose chunks are in as many
 * packs. */
#define FRAMES_KEPT ((size_t)64 << 20)

struct frames;

/* Prepares to read the data of the packs in the open directory; both are borrowed. Returns NULL if
 * memory is out. The caller releases it with frames_free(). */
struct frames *frames_new(const struct packs *packs, int directory);

/* Stores `length` bytes, at least 1, from `offset` of the decompressed data of pack `number`, valid
 * until the next call. They must be within one frame. Returns STATUS_OK, STATUS_ARCHIVE or
 * STATUS_SYSTEM; the error is printed. */
enum status frames_get(struct frames *frames, size_t number, uint64_t offset, size_t length,
                       const unsigned char **bytes);

/* Releases the memory. NULL is allowed. */
void frames_free(struct frames *frames);

#endif
