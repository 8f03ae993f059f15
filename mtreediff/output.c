#include "output.h"

#include "diag.h"
#include "stream.h"

#include <unistd.h>

static enum status digest_failed(void)
{
    return diag_error("cannot compute the digest");
}

static enum status output_flush(struct output *output)
{
    struct buf *buf = &output->buf;
    if (output->digest && digest_update(output->digest, buf->bytes, buf->length) != 0)
        return digest_failed();
    if (stream_write(STDOUT_FILENO, buf->bytes, buf->length) != 0)
        return diag_stdout();
    buf->length = 0;
    return STATUS_OK;
}

enum status output_hash(struct output *output)
{
    output->digest = digest_new(DIGEST_SHA256);
    return output->digest ? STATUS_OK : digest_failed();
}

enum status output_digest(struct output *output, struct digest_value *value)
{
    enum status status = output->buf.length > 0 ? output_flush(output) : STATUS_OK;
    if (status == STATUS_OK && digest_final(output->digest, value) != 0)
        status = digest_failed();
    return status;
}

enum status output_check(struct output *output)
{
    return output->buf.length < STREAM_CHUNK ? STATUS_OK : output_flush(output);
}

enum status output_close(struct output *output)
{
    enum status status = output->buf.length > 0 ? output_flush(output) : STATUS_OK;
    if (stream_close_stdout() != 0 && status == STATUS_OK)
        status = diag_stdout();
    return status;
}

void output_free(struct output *output)
{
    buf_free(&output->buf);
    digest_free(output->digest);
    *output = (struct output){0};
}
