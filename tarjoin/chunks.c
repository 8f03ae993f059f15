#include "chunks.h"

#include "diag.h"

#include <string.h>

enum status chunks_open(struct chunks *chunks, int fd, const char *name)
{
    *chunks = (struct chunks){0};
    return text_open(&chunks->text, fd, name, CHUNK_MAP_SIGNATURE, NULL);
}

enum status chunks_begin(struct chunks *chunks, const char *path, uint64_t size,
                         const struct digest_value *digest)
{
    const char *line = NULL;
    size_t length = 0, digits = 0;
    struct chunk_run skipped;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && chunks->left > 0)
        status = chunks_next(chunks, &skipped);
    if (status == STATUS_OK)
        status = text_next(&chunks->text, &line, &length);
    if (status != STATUS_OK)
        return status;
    chunks->wanted.length = 0;
    if (chunk_map_append_file(&chunks->wanted, path, size, digest, &digits) != 0)
        return diag_no_memory();
    if (!line || length + 1 != chunks->wanted.length ||
        memcmp(line, chunks->wanted.bytes, length) != 0) {
        diag_error("%s: no chunks of it in the chunk map, which belongs to another manifest",
                   diag_name(path).text);
        return STATUS_ARCHIVE;
    }
    chunks->left = size;
    return STATUS_OK;
}

enum status chunks_next(struct chunks *chunks, struct chunk_run *run)
{
    const char *line = NULL;
    size_t length = 0;
    *run = (struct chunk_run){0};
    if (chunks->left == 0)
        return STATUS_OK;
    enum status status = text_next(&chunks->text, &line, &length);
    if (status != STATUS_OK)
        return status;
    if (!line)
        return text_malformed(&chunks->text, "it ends within the chunks of a file");
    if (!chunk_map_parse(line, length, run))
        return text_malformed(&chunks->text, "not a chunk");
    if (run->count > chunks->left / run->length)
        return text_malformed(&chunks->text, "the chunks exceed the size of the file");
    chunks->left -= run->count * run->length;
    return STATUS_OK;
}

enum status chunks_end(struct chunks *chunks)
{
    const char *line = NULL;
    size_t length = 0;
    enum status status = text_next(&chunks->text, &line, &length);
    return status == STATUS_OK && line
               ? text_malformed(&chunks->text, "chunks of a file that the manifest does not have")
               : status;
}

void chunks_close(struct chunks *chunks)
{
    text_close(&chunks->text);
    buf_free(&chunks->wanted);
}
