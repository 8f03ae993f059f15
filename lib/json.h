/*
 * JSON strings (RFC 8259, section 7). Pure.
 */
#ifndef ZLSNAP_JSON_H
#define ZLSNAP_JSON_H

#include "buf.h"

/* Appends the text in quotes. Bytes that are not UTF-8 become U+FFFD. Returns 0; -1 if memory is
 * out. */
int json_append_string(struct buf *out, const char *text);

/* Appends the bytes in base64, in quotes. Returns likewise. */
int json_append_base64(struct buf *out, const void *bytes, size_t length);

/* Appends a member, "KEY":"NAME"; if the name is not UTF-8, also "KEY_base64" with all its bytes.
 * `key` needs no escapes. Returns likewise. */
int json_append_name(struct buf *out, const char *key, const char *name);

#endif
