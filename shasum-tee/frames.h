/*
 * The frames of a zstd stream, decompressed piece by piece. The only module that includes libzstd;
 * it does no I/O and prints nothing.
 *
 * Sound is (RFC 8878, section 3) one frame or more, skippable ones among them, and nothing else.
 * Their window may be no larger than 128 MiB, what `zstd -d` takes by default, so that memory is
 * bounded. The formats before zstd 1.0 are refused.
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
    FRAMES_MEMORY, /* ours is short, the stream may be sound */
};

/* A part of the stream, of which frames_next() takes from the front. */
struct frames_input {
    const unsigned char *bytes;
    size_t length;
};

/* A piece of content. The bytes are the decoder's, and valid until it is called again. */
struct frames_content {
    const unsigned char *bytes;
    size_t length;
};

struct frames;

/* Starts a stream. Returns NULL if there is no memory. */
struct frames *frames_new(void);

/* Releases `frames`; NULL is allowed. */
void frames_free(struct frames *frames);

/* Takes bytes off `input` and stores what they decompress to, which may be nothing yet. To be
 * called until `input` is empty and no content comes. After an error only frames_free() may follow.
 */
enum frames_error frames_next(struct frames *frames, struct frames_input *input,
                              struct frames_content *content);

/* Whether the stream may end where it is now. */
enum frames_error frames_end(const struct frames *frames);

/* Says in a few words what is wrong. */
const char *frames_text(enum frames_error error);

#endif
