#include "chunk_map.h"

#include "decimal.h"
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

bool chunk_map_parse(const char *line, size_t length, struct chunk_run *run)
{
    char hex[PACK_DIGITS + 1] = {0};
    uint64_t size = 0;
    if (length <= PACK_DIGITS || line[PACK_DIGITS] != ' ')
        return false;
    memcpy(hex, line, PACK_DIGITS);
    const char *text = line + PACK_DIGITS + 1, *end = line + length;
    if (digest_parse(hex, &run->digest) != NULL ||
        !decimal_take(&text, end, PACK_CONTENT_MAX, &size) || size == 0)
        return false;
    run->length = (uint32_t)size;
    run->count = 1;
    if (text == end)
        return true;
    return *text++ == ' ' && decimal_take(&text, end, UINT64_MAX, &run->count) && run->count > 1 &&
           text == end;
}
