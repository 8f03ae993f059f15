/*
 * The records of a contents stream: `DIGEST file SIZE` or `DIGEST chunk SIZE`, a newline, and SIZE
 * bytes; `end` after the last. Pure.
 */
#ifndef ZLSNAP_CONTENTS_H
#define ZLSNAP_CONTENTS_H

#include "buf.h"
#include "digest.h"
#include "pack.h"

#include <stddef.h>
#include <stdint.h>

/* The length of the longest line, with its newline. */
#define CONTENTS_LINE_MAX (64 + sizeof " chunk 1048576")

enum contents_kind {
    CONTENTS_FILE,  /* a whole file */
    CONTENTS_CHUNK, /* a piece of a larger one */
    CONTENTS_END,   /* the end of the stream; digest and size are not set */
};

struct contents_record {
    enum contents_kind kind;
    uint32_t size; /* of the bytes that follow; 1 to PACK_CONTENT_MAX */
    struct digest_value digest;
};

/* Appends the line of a record, with its newline. Returns 0; -1 if memory is out. */
int contents_encode(struct buf *out, const struct contents_record *record);

/* Replaces the digest in the line of a content. */
void contents_set_digest(char *line, const struct digest_value *digest);

/* Parses a line of `length` bytes, its newline included. Returns PACK_OK or PACK_BAD_RECORD. */
enum pack_error contents_parse(const char *line, size_t length, struct contents_record *record);

#endif
