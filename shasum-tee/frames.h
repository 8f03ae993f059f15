/*
 * Decompresses and checks a zstd stream piece by piece. The only module that includes libzstd; it
 * does no I/O and prints nothing.
 *
 * A valid stream (RFC 8878, section 3) is one or more frames, including skippable ones, and nothing
 * else. To bound memory, windows above 128 MiB, the default limit of `zstd -d`, are refused. So are
 * the formats before zstd 1.0.
 */
#ifndef SHASUM_TEE_FRAMES_H
#define SHASUM_TEE_FRAMES_H

#include <stddef.h>
#include <stdint.h>

enum frames_error {
    FRAMES_OK,
    FRAMES_EMPTY,
    FRAMES_FOREIGN,
    FRAMES_JUNK,
    FRAMES_CUT,
    FRAMES_WINDOW,
    FRAMES_CHECKSUM,
    FRAMES_DICTIONARY,
    FRAMES_CORRUPT,
    FRAMES_MEMORY, /* out of memory; the stream may be valid */
};

/* A part of the stream; frames_next() consumes it from the front. */
struct frames_input {
    const unsigned char *bytes;
    size_t length;
};

/* A piece of decompressed content, valid until the next call. */
struct frames_content {
    const unsigned char *bytes;
    size_t length;
};

struct frames;

/* Starts a stream. Returns NULL if memory is out. */
struct frames *frames_new(void);

/* Releases `frames`; NULL is allowed. */
void frames_free(struct frames *frames);

/* Consumes bytes of `input` and stores what they decompress to, which may be nothing yet. To be
 * called until `input` is empty and no content comes. After an error only frames_free() may follow.
 */
enum frames_error frames_next(struct frames *frames, struct frames_input *input,
                              struct frames_content *content);

/* Checks that the stream may end here. */
enum frames_error frames_end(const struct frames *frames);

/* A static text that describes the error. */
const char *frames_text(enum frames_error error);

#endif
