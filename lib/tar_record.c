#include "tar_record.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

int tar_record_append(struct buf *out, const char *keyword, const void *value, size_t length)
{
    /* The length includes its own digits, so a further digit may push it to the next power of ten.
     */
    size_t rest = 1 + strlen(keyword) + 1 + length + 1;
    size_t total = rest + 1;
    for (size_t digits = 1, limit = 10; total >= limit; limit *= 10)
        total = rest + ++digits;
    char head[24];
    int used = snprintf(head, sizeof head, "%zu ", total);
    if (used < 0 || buf_reserve(out, total) != 0)
        return -1;
    buf_append(out, head, (size_t)used);
    buf_append_text(out, keyword);
    buf_append(out, "=", 1);
    buf_append(out, value, length);
    return buf_append(out, "\n", 1);
}

int tar_record_append_number(struct buf *out, const char *keyword, uint64_t number)
{
    char text[24];
    int length = snprintf(text, sizeof text, "%" PRIu64, number);
    return tar_record_append(out, keyword, text, (size_t)length);
}

int tar_record_append_time(struct buf *out, const char *keyword, struct tar_time time)
{
    /* Nanoseconds count forward; the fraction of a negative decimal counts away from zero. */
    bool negative = time.seconds < 0;
    uint64_t seconds = negative ? -(uint64_t)time.seconds : (uint64_t)time.seconds;
    uint32_t fraction = time.nanoseconds;
    if (negative && fraction > 0) {
        seconds--;
        fraction = 1000000000 - fraction;
    }
    char text[48];
    int length = snprintf(text, sizeof text, "%s%" PRIu64 ".%09" PRIu32, negative ? "-" : "",
                          seconds, fraction);
    while (text[length - 1] == '0')
        length--;
    if (text[length - 1] == '.')
        length--;
    return tar_record_append(out, keyword, text, (size_t)length);
}

int tar_record_append_xattr(struct buf *out, const struct xattr *xattr)
{
    struct buf keyword = {0};
    int result = buf_append_text(&keyword, "SCHILY.xattr.");
    for (const char *c = xattr->name; result == 0 && *c; c++) {
        if (*c == '%')
            result = buf_append_text(&keyword, "%25");
        else if (*c == '=')
            result = buf_append_text(&keyword, "%3D");
        else
            result = buf_append(&keyword, c, 1);
    }
    if (result == 0)
        result = tar_record_append(out, keyword.bytes, xattr->value, xattr->length);
    buf_free(&keyword);
    return result;
}

static bool begins(const char *key, size_t length, const char *prefix)
{
    return length >= strlen(prefix) && memcmp(key, prefix, strlen(prefix)) == 0;
}

/* Some readers skip spaces before a keyword, and end it or the record at a NUL or a newline. Names
 * of attributes may have newlines. */
static bool keyword_is_odd(const char *key, size_t length)
{
    if (key[0] == ' ' || key[0] == '\t' || memchr(key, '\0', length))
        return true;
    return memchr(key, '\n', length) && !begins(key, length, "SCHILY.xattr.") &&
           !begins(key, length, "LIBARCHIVE.xattr.");
}

enum tar_error tar_record_next(struct tar_text *text, struct tar_text *key, struct tar_text *value)
{
    size_t total = 0, i = 0;
    for (; i < text->length && text->at[i] >= '0' && text->at[i] <= '9'; i++) {
        total = total * 10 + (size_t)(text->at[i] - '0');
        if (total > text->length)
            return TAR_BAD_RECORD;
    }
    /* Some readers count the record from its length without leading zeros. */
    if (i == 0 || text->at[0] == '0' || i == text->length || text->at[i] != ' ' || total < i + 4 ||
        text->at[total - 1] != '\n')
        return TAR_BAD_RECORD;
    const char *start = text->at + i + 1, *end = text->at + total - 1;
    const char *equals = memchr(start, '=', (size_t)(end - start));
    if (!equals || equals == start || keyword_is_odd(start, (size_t)(equals - start)))
        return TAR_BAD_RECORD;
    *key = (struct tar_text){start, (size_t)(equals - start)};
    *value = (struct tar_text){equals + 1, (size_t)(end - equals - 1)};
    text->at += total;
    text->length -= total;
    return TAR_OK;
}
