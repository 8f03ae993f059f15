/*
 * Packs: limits, names, and what can be wrong with them and with the streams that belong to them
 * (doc/FORMAT.md). Pure.
 *
 * A pack is two files, PACK.zst and PACK.index; PACK is the SHA-256 of PACK.zst in hexadecimal.
 */
#ifndef ZLSNAP_PACK_H
#define ZLSNAP_PACK_H

#include <stdbool.h>

/* The longest content: a file or a chunk of one. */
#define PACK_CONTENT_MAX (1 << 20)

/* The most that a frame decompresses to. */
#define PACK_FRAME_MAX (4 << 20)

/* The most frames of a pack, the one of the nonce included. */
#define PACK_FRAMES_MAX 65536

/* The digits of PACK. */
#define PACK_DIGITS 64

#define PACK_INDEX_SUFFIX ".index"
#define PACK_DATA_SUFFIX ".zst"

/* The size of a file name of a pack, with the NUL. */
#define PACK_NAME_SIZE (PACK_DIGITS + sizeof PACK_INDEX_SUFFIX)

/* Skippable frames begin with one of these numbers, little-endian (RFC 8878, 3.1.2). */
#define PACK_MAGIC_NONCE 0x184D2A50U
#define PACK_MAGIC_SEEK_TABLE 0x184D2A5EU

enum pack_error {
    PACK_OK = 0,
    PACK_NO_MEMORY,
    PACK_BAD_COMPRESSOR,
    PACK_BAD_FRAME,
    PACK_BAD_CHECKSUM,
    PACK_BAD_SIZE,
    PACK_BAD_SEEK_TABLE,
    PACK_BAD_INDEX,
    PACK_BAD_RECORD,
};

/* A static text, without a full stop, that completes "PACK: ". */
const char *pack_error_text(enum pack_error error);

/* Whether `name` is the name of a pack's file with this suffix. */
bool pack_name_is(const char *name, const char *suffix);

#endif
