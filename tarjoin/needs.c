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

enum status needs_write(struct needs *needs, int fd)
{
    struct buf out = {0};
    int result = 0;
    if (needs->count > 0)
        qsort(needs->list, needs->count, sizeof *needs->list, name_compare);
    for (size_t i = 0; i < needs->count && result == 0; i++) {
        const struct need *need = &needs->list[i];
        if (need->noted)
            result = buf_append_format(&out, "%s %" PRIu64 " %" PRIu64 "\n", need->pack->name,
                                       need->live, need->pack->index.size);
    }
    enum status status = result == 0 ? STATUS_OK : diag_no_memory();
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
