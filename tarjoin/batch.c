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

static const char *path_of(const struct batch *batch, const struct piece *piece)
{
    return batch->paths.bytes + piece->path;
}

/* Fills the gap of a piece. */
static enum status piece_fill(const struct batch *batch, struct piece *piece,
                              const struct fetch *fetch, struct fetcher *fetcher)
{
    const size_t length = piece->place.length;
    char *to = batch->out.bytes + piece->at;
    enum status status =
        fetch_content(fetch, fetcher, path_of(batch, piece), &piece->place, to, &piece->problem);
    for (size_t copy = 1; status == STATUS_OK && copy < piece->count; copy++)
        memcpy(to + copy * length, to, length);
    return status;
}

void batch_fill(struct batch *batch, const struct fetch *fetch, struct fetcher *fetcher)
{
    diag_keep(&batch->kept);
    for (size_t i = 0; i < batch->count && batch->status == STATUS_OK; i++) {
        if (batch->pieces[i].kind != PIECE_END)
            batch->status = piece_fill(batch, &batch->pieces[i], fetch, fetcher);
    }
    diag_keep(NULL);
}

enum status batch_report(struct batch *batch, const struct fetch *fetch)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct piece *piece = &batch->pieces[i];
        if (piece->problem)
            fetch_warn(fetch, path_of(batch, piece), &piece->place, piece->problem);
    }
    diag_kept_print(&batch->kept);
    return batch->status;
}

void batch_free(struct batch *batch)
{
    buf_free(&batch->out);
    buf_free(&batch->paths);
    free(batch->pieces);
}
