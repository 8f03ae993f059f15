#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int buf_reserve(struct buf *buf, size_t more)
{
    if (more < buf->capacity - buf->length)
        return 0;
    if (more > SIZE_MAX / 2 - buf->length)
        return -1;
    size_t capacity = buf->capacity < 256 ? 256 : buf->capacity;
    while (capacity - buf->length <= more)
        capacity *= 2;
    char *bytes = realloc(buf->bytes, capacity);
    if (!bytes)
        return -1;
    buf->bytes = bytes;
    buf->capacity = capacity;
    return 0;
}

int buf_append(struct buf *buf, const void *bytes, size_t length)
{
    if (buf_reserve(buf, length) != 0)
        return -1;
    if (length > 0)
        memcpy(buf->bytes + buf->length, bytes, length);
    buf->length += length;
    buf->bytes[buf->length] = '\0';
    return 0;
}

int buf_append_text(struct buf *buf, const char *text)
{
    return buf_append(buf, text, strlen(text));
}

int buf_append_fill(struct buf *buf, int byte, size_t count)
{
    if (buf_reserve(buf, count) != 0)
        return -1;
    memset(buf->bytes + buf->length, byte, count);
    buf->length += count;
    buf->bytes[buf->length] = '\0';
    return 0;
}

int buf_append_number(struct buf *buf, uint64_t number, unsigned base, unsigned digits)
{
    char text[22]; /* enough for base 8 */
    size_t at = sizeof text;
    do {
        text[--at] = (char)('0' + number % base);
        number /= base;
    } while (at > 0 && (number > 0 || sizeof text - at < digits));
    return buf_append(buf, text + at, sizeof text - at);
}

int buf_append_format(struct buf *buf, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof text)
        return -1;
    return buf_append(buf, text, (size_t)length);
}

int buf_set_text(struct buf *buf, const char *text, size_t length)
{
    buf->length = 0;
    return buf_append(buf, text, length);
}

void buf_free(struct buf *buf)
{
    free(buf->bytes);
    *buf = (struct buf){0};
}
