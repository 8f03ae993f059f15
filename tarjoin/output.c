#include "output.h"

#include "stream.h"
#include "tar_encode.h"

enum status output_open(struct output *output, int fd)
{
    *output = (struct output){.fd = fd, .whole = digest_new(DIGEST_SHA256)};
    return output->whole ? STATUS_OK : diag_no_memory();
}

static enum status digest_failed(void)
{
    return diag_error("cannot compute SHA-256 digests");
}

static enum status whole_check(struct output *output, const struct batch *batch,
                               const struct piece *piece)
{
    struct digest_value actual;
    if (digest_final(output->whole, &actual) != 0)
        return digest_failed();
    if (digest_equal(&actual, &piece->place.digest))
        return STATUS_OK;
    diag_error("%s: its chunks do not have its digest",
               diag_name(batch->paths.bytes + piece->path).text);
    return STATUS_DIGEST;
}

static enum status chunks_check(struct output *output, const struct batch *batch)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < batch->count && status == STATUS_OK; i++) {
        const struct piece *piece = &batch->pieces[i];
        if (piece->kind == PIECE_END)
            status = whole_check(output, batch, piece);
        else if (piece->kind == PIECE_CHUNK &&
                 digest_update(output->whole, batch->out.bytes + piece->at,
                               piece->place.length * piece->count) != 0)
            status = digest_failed();
    }
    return status;
}

static enum status bytes_write(struct output *output, const void *bytes, size_t length)
{
    if (stream_write(output->fd, bytes, length) != 0)
        return diag_errno("write error");
    output->bytes += length;
    return STATUS_OK;
}

enum status output_write(struct output *output, const struct batch *batch)
{
    enum status status = chunks_check(output, batch);
    return status == STATUS_OK ? bytes_write(output, batch->out.bytes, batch->out.length) : status;
}

enum status output_end(struct output *output)
{
    static const char zeros[TAR_END_SIZE];
    return bytes_write(output, zeros, sizeof zeros);
}

enum status output_close_stdout(void)
{
    return stream_close_stdout() == 0 ? STATUS_OK : diag_errno("write error");
}

void output_close(struct output *output)
{
    digest_free(output->whole);
}
