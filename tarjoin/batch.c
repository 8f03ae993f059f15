#include "batch.h"

#include "array.h"

#include <stdlib.h>
#include <string.h>

void batch_clear(struct batch *batch)
{
    batch->out.length = 0;
    batch->paths.length = 0;
    batch->count = 0;
    batch->done = false;
    batch->status = STATUS_OK;
}

bool batch_is_full(const struct batch *batch)
{
    return batch->out.length >= BATCH_BYTES || batch->count >= BATCH_PIECES;
}

int batch_path(struct batch *batch, const char *path)
{
    return buf_append(&batch->paths, path, strlen(path) + 1);
}

/* Where the last path in `paths` begins. */
static size_t last_path(const struct buf *paths)
{
    size_t start = paths->length - 1;
    while (start > 0 && paths->bytes[start - 1] != '\0')
        start--;
    return start;
}

int batch_add(struct batch *batch, const struct piece *piece)
{
    const size_t length = piece->place.length * piece->count;
    if (array_reserve(&batch->pieces, &batch->capacity, batch->count + 1, sizeof *batch->pieces) !=
            0 ||
        buf_reserve(&batch->out, length) != 0)
        return -1;
    struct piece *added = &batch->pieces[batch->count++];
    *added = *piece;
    added->at = batch->out.length;
    added->path = last_path(&batch->paths);
    batch->out.length += length;
    return 0;
}

enum status batch_fill(struct batch *batch, const struct fetch *fetch, struct fetcher *fetcher)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct piece *piece = &batch->pieces[i];
        const size_t length = piece->place.length;
        char *to = batch->out.bytes + piece->at;
        if (piece->kind == PIECE_END)
            continue;
        enum status status =
            fetch_content(fetch, fetcher, batch->paths.bytes + piece->path, &piece->place, to);
        if (status != STATUS_OK)
            return status;
        for (size_t copy = 1; copy < piece->count; copy++)
            memcpy(to + copy * length, to, length);
    }
    return STATUS_OK;
}

void batch_free(struct batch *batch)
{
    buf_free(&batch->out);
    buf_free(&batch->paths);
    free(batch->pieces);
}
