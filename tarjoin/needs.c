#include "needs.h"

#include "diag.h"
#include "stream.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct need {
    const struct pack *pack;
    unsigned char *noted; /* a bit for each line of the index; NULL: the pack is not needed */
    uint64_t live;        /* bytes */
};

enum status needs_open(struct needs *needs, const struct packs *packs)
{
    *needs = (struct needs){.list = calloc(packs->count + 1, sizeof *needs->list)};
    if (!needs->list)
        return diag_no_memory();
    for (; needs->count < packs->count; needs->count++)
        needs->list[needs->count].pack = &packs->list[needs->count];
    return STATUS_OK;
}

enum status needs_note(struct needs *needs, const struct fetch_place *place)
{
    struct need *need = &needs->list[place->pack];
    if (!need->noted)
        need->noted = calloc(need->pack->index.count / CHAR_BIT + 1, 1);
    if (!need->noted)
        return diag_no_memory();
    unsigned char *byte = &need->noted[place->line / CHAR_BIT];
    const unsigned bit = 1U << place->line % CHAR_BIT;
    if (!(*byte & bit))
        need->live += place->length;
    *byte = (unsigned char)(*byte | bit);
    return STATUS_OK;
}

static int name_compare(const void *a, const void *b)
{
    const struct need *one = a, *other = b;
    return strcmp(one->pack->name, other->pack->name);
}

/* The digest of the index as it was used. */
static enum status index_digest(const struct pack *pack, char text[static DIGEST_TEXT_SIZE])
{
    struct digest_value value;
    struct digest *digest = digest_new(DIGEST_SHA256);
    const bool done = digest && digest_update(digest, pack->bytes, pack->length) == 0 &&
                      digest_final(digest, &value) == 0;
    digest_free(digest);
    if (!done)
        return diag_error("cannot compute SHA-256 digests");
    digest_text(&value, text);
    return STATUS_OK;
}

static enum status line_append(struct buf *out, const struct need *need)
{
    char text[DIGEST_TEXT_SIZE];
    enum status status = index_digest(need->pack, text);
    if (status != STATUS_OK)
        return status;
    return buf_append_format(out, "%s %" PRIu64 " %" PRIu64 " %s\n", need->pack->name, need->live,
                             need->pack->index.size, text) == 0
               ? STATUS_OK
               : diag_no_memory();
}

enum status needs_write(struct needs *needs, int fd)
{
    struct buf out = {0};
    enum status status = STATUS_OK;
    if (needs->count > 0)
        qsort(needs->list, needs->count, sizeof *needs->list, name_compare);
    for (size_t i = 0; i < needs->count && status == STATUS_OK; i++) {
        if (needs->list[i].noted)
            status = line_append(&out, &needs->list[i]);
    }
    if (status == STATUS_OK && stream_write(fd, out.bytes, out.length) != 0)
        status = diag_errno("write error");
    buf_free(&out);
    return status;
}

void needs_close(struct needs *needs)
{
    for (size_t i = 0; i < needs->count; i++)
        free(needs->list[i].noted);
    free(needs->list);
}
