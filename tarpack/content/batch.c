#include "content/batch.h"

#include <string.h>
#include <unistd.h>

void piece_close(struct piece *piece)
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

/* Reads and digests the content of a piece that is not stored. Returns 0; -1 if it cannot be
 * digested. */
static int piece_check(struct piece *piece, struct buf *scratch, struct digest *digest)
{
    struct source *source = &piece->source;
    size_t got = 1;
    if (buf_reserve(scratch, STREAM_CHUNK) != 0)
        return -1;
    for (off_t offset = 0; offset < source->size && got > 0; offset += (off_t)got) {
        const off_t left = source->size - offset;
        const size_t room = left < (off_t)STREAM_CHUNK ? (size_t)left : STREAM_CHUNK;
        got = source_read(source, scratch->bytes, room, offset);
        if (digest_update(digest, scratch->bytes, got) != 0)
            return -1;
    }
    source_check(source);
    return 0;
}

/* Adds the content of a piece to the digest. Returns 0; -1 if that failed. */
static int piece_digest(struct batch *batch, struct piece *piece, struct digest *digest)
{
    char *bytes = batch->out.bytes + piece->bytes;
    if (piece->checked)
        return piece_check(piece, &batch->scratch, digest);
    if (piece->unread)
        piece_read(piece, bytes);
    return digest_update(digest, bytes, piece->end - piece->bytes);
}

void batch_digest(struct batch *batch, struct digest *digest)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct piece *piece = &batch->pieces[i];
        if (piece_digest(batch, piece, digest) != 0 || digest_final(digest, &piece->value) != 0)
            batch->failed = true;
    }
}

size_t batch_clear(struct batch *batch)
{
    const size_t end = batch->count > 0 ? batch->pieces[batch->count - 1].end : 0;
    for (size_t i = 0; i < batch->count; i++)
        piece_close(&batch->pieces[i]);
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
    buf_free(&batch->scratch);
}
