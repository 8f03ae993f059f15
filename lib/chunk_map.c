#include "chunk_map.h"

#include "mtree.h"
#include "pack.h"

#include <string.h>

static int append_hex(struct buf *out, const struct digest_value *digest)
{
    char hex[DIGEST_TEXT_SIZE];
    digest_hex(digest, hex);
    return buf_append_text(out, hex);
}

int chunk_map_append_file(struct buf *out, const char *path, uint64_t size,
                          const struct digest_value *digest, size_t *digits)
{
    if (mtree_append_path(out, path) != 0 || buf_append_text(out, " size=") != 0 ||
        buf_append_number(out, size, 10, 1) != 0 || buf_append_text(out, " sha256digest=") != 0)
        return -1;
    *digits = out->length;
    return append_hex(out, digest) != 0 ? -1 : buf_append(out, "\n", 1);
}

int chunk_map_append(struct buf *out, const struct chunk_run *run)
{
    if (append_hex(out, &run->digest) != 0 || buf_append(out, " ", 1) != 0 ||
        buf_append_number(out, run->length, 10, 1) != 0)
        return -1;
    if (run->count > 1 &&
        (buf_append(out, " ", 1) != 0 || buf_append_number(out, run->count, 10, 1) != 0))
        return -1;
    return buf_append(out, "\n", 1);
}

/* Parses a number of at most 19 digits, without leading zeros, and advances `*text` behind it. */
static bool number_parse(const char **text, const char *end, uint64_t *number)
{
    const char *digit = *text;
    *number = 0;
    if (digit == end || *digit == '0')
        return false;
    for (; digit < end && *digit >= '0' && *digit <= '9' && digit - *text < 19; digit++)
        *number = *number * 10 + (uint64_t)(*digit - '0');
    const bool any = digit > *text;
    *text = digit;
    return any;
}

bool chunk_map_parse(const char *line, size_t length, struct chunk_run *run)
{
    char hex[PACK_DIGITS + 1] = {0};
    uint64_t size = 0;
    if (length <= PACK_DIGITS + 1 || line[PACK_DIGITS] != ' ')
        return false;
    memcpy(hex, line, PACK_DIGITS);
    const char *text = line + PACK_DIGITS + 1, *end = line + length;
    if (digest_parse(hex, &run->digest) != NULL || !number_parse(&text, end, &size) ||
        size > PACK_CONTENT_MAX)
        return false;
    run->length = (uint32_t)size;
    run->count = 1;
    if (text == end)
        return true;
    return *text++ == ' ' && number_parse(&text, end, &run->count) && run->count > 1 && text == end;
}
