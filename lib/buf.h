/*
 * A growing byte buffer. Pure: no descriptors, no printing.
 */
#ifndef ZLSNAP_BUF_H
#define ZLSNAP_BUF_H

#include <stddef.h>
#include <stdint.h>

/* Zero-initialised it is empty. `bytes` moves when the buffer grows. */
struct buf {
    char *bytes;
    size_t length;
    size_t capacity;
};

/* Makes room for `more` bytes and a NUL after `length`. Returns 0; -1 if memory is out, nothing
 * changed. */
int buf_reserve(struct buf *buf, size_t more);

/* Append bytes, a string, or one byte `count` times, and a NUL that `length` does not count. Return
 * as buf_reserve(). */
int buf_append(struct buf *buf, const void *bytes, size_t length);
int buf_append_text(struct buf *buf, const char *text);
int buf_append_fill(struct buf *buf, int byte, size_t count);

/* Appends a number in base 8 or 10, padded with zeros to `digits` (1 to 22). Returns as
 * buf_reserve(). Much faster than buf_append_format(). */
int buf_append_number(struct buf *buf, uint64_t number, unsigned base, unsigned digits);

/* Appends formatted text of less than 256 bytes. Returns 0; -1 if memory is out or the text is
 * longer. */
int buf_append_format(struct buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Replaces the contents by `length` bytes of `text` and a NUL. Returns as buf_reserve(). */
int buf_set_text(struct buf *buf, const char *text, size_t length);

/* Releases the memory and leaves an empty buffer. */
void buf_free(struct buf *buf);

#endif
