#include "content/batch.h"

#include <string.h>
#include <unistd.h>

static void piece_close(struct piece *piece)
{
    if (piece->unread)
        (void)close(piece->source.fd);
    piece->unread = false;
}

/* Reads the content of a piece. */
static void piece_read(struct piece *piece, char *space)
{
    struct source *source = &piece->source;
    size_t got = 1;
    for (off_t offset = 0; offset < source->size && got > 0; offset += (off_t)got)
        got = source_read(source, space + offset, (size_t)(source->size - offset), offset);
    source_check(source);
    piece_close(piece);
}

void batch_digest(struct batch *batch, struct digest *digest)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct piece *piece = &batch->pieces[i];
        if (piece->unread)
            piece_read(piece, batch->out.bytes + piece->bytes);
        batch->failed = batch->failed ||
                        digest_update(digest, batch->out.bytes + piece->bytes,
                                      piece->end - piece->bytes) != 0 ||
                        digest_final(digest, &piece->value) != 0;
    }
}

size_t batch_clear(struct batch *batch)
{
    const size_t end = batch->count > 0 ? batch->pieces[batch->count - 1].end : 0;
    batch->out.length -= end;
    if (end > 0)
        memmove(batch->out.bytes, batch->out.bytes + end, batch->out.length);
    batch->count = batch->paths.length = 0;
    batch->done = batch->failed = false;
    return end;
}

void batch_free(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        piece_close(&batch->pieces[i]);
    buf_free(&batch->out);
    buf_free(&batch->paths);
}
