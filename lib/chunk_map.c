#include "chunk_map.h"

#include "mtree.h"

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
