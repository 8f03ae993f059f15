#include "join.h"

#include "diag.h"
#include "pack.h"
#include "stream.h"
#include "tar_encode.h"
#include "tar_header.h"

/* A join in progress. */
struct output {
    const struct join *join;
    int fd; /* -1: only the packs are printed */
    struct buf out;
    struct digest *whole; /* of a large file */
    bool is_large;        /* the current file is one */
};

static enum status digest_failed(void)
{
    diag_error("cannot compute SHA-256 digests");
    return STATUS_SYSTEM;
}

static enum status flush(struct output *output)
{
    if (stream_write(output->fd, output->out.bytes, output->out.length) != 0) {
        diag_errno("write error");
        return STATUS_SYSTEM;
    }
    output->out.length = 0;
    return STATUS_OK;
}

static enum status bytes_add(struct output *output, const void *bytes, size_t length)
{
    if (buf_append(&output->out, bytes, length) != 0)
        return diag_no_memory();
    return output->out.length < STREAM_CHUNK ? STATUS_OK : flush(output);
}

/* Adds one content or chunk `count` times. */
static enum status content_add(struct output *output, const char *path,
                               const struct digest_value *digest, size_t length, uint64_t count)
{
    const struct join *join = output->join;
    const unsigned char *bytes = NULL;
    if (output->fd < 0)
        return fetch_need(join->fetch, path, digest);
    enum status status = fetch_content(join->fetch, path, digest, length, &bytes);
    for (; status == STATUS_OK && count > 0; count--) {
        if (output->is_large && digest_update(output->whole, bytes, length) != 0)
            return digest_failed();
        status = bytes_add(output, bytes, length);
    }
    return status;
}

/* Compares the digest of all chunks with that of the manifest: nothing vouches for the chunk map.
 */
static enum status whole_check(struct output *output, const char *path,
                               const struct digest_value *digest)
{
    struct digest_value actual;
    if (digest_final(output->whole, &actual) != 0)
        return digest_failed();
    if (output->fd < 0 || digest_equal(&actual, digest))
        return STATUS_OK;
    diag_error("%s: the content does not match its digest", diag_name(path).text);
    return STATUS_DIGEST;
}

static enum status large_add(struct output *output, const struct tar_entry *entry,
                             const struct digest_value *digest)
{
    struct chunks *chunks = output->join->chunks;
    struct chunk_run run = {0};
    if (!chunks) {
        diag_error("%s: larger than 1 MiB, which needs --chunks", diag_name(entry->path).text);
        return STATUS_ARCHIVE;
    }
    output->is_large = true;
    enum status status = chunks_begin(chunks, entry->path, entry->size, digest);
    if (status == STATUS_OK)
        status = chunks_next(chunks, &run);
    while (status == STATUS_OK && run.count > 0) {
        status = content_add(output, entry->path, &run.digest, run.length, run.count);
        if (status == STATUS_OK)
            status = chunks_next(chunks, &run);
    }
    if (status == STATUS_OK)
        status = whole_check(output, entry->path, digest);
    output->is_large = false;
    return status;
}

static enum status file_add(struct output *output, const struct mtree_line *line)
{
    const struct tar_entry *entry = &line->entry;
    struct digest_value digest;
    if (digest_parse(line->sha256, &digest) != NULL)
        return text_malformed(&output->join->manifest->text, "not a digest");
    if (entry->size > PACK_CONTENT_MAX)
        return large_add(output, entry, &digest);
    return content_add(output, entry->path, &digest, (size_t)entry->size, 1);
}

static enum status entry_add(struct output *output, const struct mtree_line *line)
{
    const struct tar_entry *entry = &line->entry;
    if (output->fd >= 0 && tar_encode_entry(entry, &output->out) != 0)
        return diag_no_memory();
    enum status status =
        entry->type == TAR_FILE && entry->size > 0 ? file_add(output, line) : STATUS_OK;
    if (status != STATUS_OK || output->fd < 0)
        return status;
    if (buf_append_fill(&output->out, 0, tar_padding(entry->size)) != 0)
        return diag_no_memory();
    return output->out.length < STREAM_CHUNK ? STATUS_OK : flush(output);
}

/* Writes the tar to `fd`; with -1 it only prints the packs. */
static enum status join_all(const struct join *join, int fd)
{
    struct output output = {.join = join, .fd = fd, .whole = digest_new(DIGEST_SHA256)};
    const struct mtree_line *line = NULL;
    enum status status = output.whole ? manifest_next(join->manifest, &line) : digest_failed();
    while (status == STATUS_OK && line) {
        status = entry_add(&output, line);
        if (status == STATUS_OK)
            status = manifest_next(join->manifest, &line);
    }
    if (status == STATUS_OK && join->chunks)
        status = chunks_end(join->chunks);
    if (status == STATUS_OK && fd >= 0)
        status = flush(&output);
    digest_free(output.whole);
    buf_free(&output.out);
    return status;
}

enum status join_tar(const struct join *join, int fd)
{
    return join_all(join, fd);
}

enum status join_needs(const struct join *join)
{
    return join_all(join, -1);
}

enum status join_end(int fd)
{
    static const char zeros[TAR_END_SIZE];
    if (stream_write(fd, zeros, sizeof zeros) == 0)
        return STATUS_OK;
    diag_errno("write error");
    return STATUS_SYSTEM;
}
