/*
 * Base64 (RFC 4648, section 4). Pure.
 */
#ifndef ZLSNAP_BASE64_H
#define ZLSNAP_BASE64_H

#include "buf.h"

/* Appends `length` bytes in base64, padded. Returns 0; -1 if memory is out. */
int base64_encode(struct buf *out, const void *bytes, size_t length);

/* Appends the decoded bytes of `text`; padding is optional. Returns 0; -1 if `text` is not base64;
 * -2 if memory is out. */
int base64_decode(struct buf *out, const char *text, size_t length);

#endif
