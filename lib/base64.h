/*
 * Base64 (RFC 4648, section 4). Pure.
 */
#ifndef ZLSNAP_BASE64_H
#define ZLSNAP_BASE64_H

#include "buf.h"

/* Appends the base64 of `length` bytes, padded. Returns 0; -1 if memory is out. */
int base64_encode(struct buf *out, const void *bytes, size_t length);

/* Appends what the base64 `text` stands for; the padding may be missing. Returns 0; -1 if `text` is
 * not base64; -2 if memory is out. */
int base64_decode(struct buf *out, const char *text, size_t length);

#endif
