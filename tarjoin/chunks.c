#include "chunks.h"

#include "diag.h"
#include "text.h"

#include <string.h>

static enum status line_read(struct chunks *chunks, const char **line, size_t *length)
{
    return text_next(&chunks->lines, chunks->name, line, length);
}

static enum status malformed(const struct chunks *chunks, const char *problem)
{
    return text_malformed(&chunks->lines, chunks->name, problem);
}

enum status chunks_open(struct chunks *chunks, int fd, const char *name, bool seekable)
{
    const char *line = NULL;
    size_t length = 0;
    *chunks = (struct chunks){.name = name};
    lines_start(&chunks->lines, fd, seekable);
    enum status status = line_read(chunks, &line, &length);
    if (status != STATUS_OK || (line && length + 1 == strlen(CHUNK_MAP_SIGNATURE) &&
                                memcmp(line, CHUNK_MAP_SIGNATURE, length) == 0))
        return status;
    diag_error("%s: it does not begin with #chunks", diag_name(name).text);
    return STATUS_ARCHIVE;
}

/* Reads the rest of the current block. */
static enum status block_skip(struct chunks *chunks)
{
    struct chunk_run skipped;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && chunks->left > 0)
        status = chunks_next(chunks, &skipped);
    return status;
}

enum status chunks_begin(struct chunks *chunks, const char *path, uint64_t size,
                         const struct digest_value *digest)
{
    const char *line = NULL;
    size_t length = 0, digits = 0;
    enum status status = block_skip(chunks);
    if (status == STATUS_OK)
        status = line_read(chunks, &line, &length);
    if (status != STATUS_OK)
        return status;
    chunks->wanted.length = 0;
    if (chunk_map_append_file(&chunks->wanted, path, size, digest, &digits) != 0)
        return diag_no_memory();
    if (line && length + 1 == chunks->wanted.length &&
        memcmp(line, chunks->wanted.bytes, length) == 0) {
        chunks->left = size;
        return STATUS_OK;
    }
    diag_error("%s: %s is not the next file; the chunk map of another manifest?",
               diag_name(chunks->name).text, diag_name(path).text);
    return STATUS_ARCHIVE;
}

enum status chunks_next(struct chunks *chunks, struct chunk_run *run)
{
    const char *line = NULL;
    size_t length = 0;
    *run = (struct chunk_run){0};
    if (chunks->left == 0)
        return STATUS_OK;
    enum status status = line_read(chunks, &line, &length);
    if (status != STATUS_OK)
        return status;
    if (!line)
        return malformed(chunks, "the text ends within the chunks of a file");
    if (!chunk_map_parse(line, length, run))
        return malformed(chunks, "not a chunk");
    if (run->count > chunks->left / run->length)
        return malformed(chunks, "the chunks exceed the size of the file");
    chunks->left -= run->count * run->length;
    return STATUS_OK;
}

struct chunks_place chunks_tell(const struct chunks *chunks)
{
    return (struct chunks_place){chunks->lines.offset, chunks->lines.number, chunks->left};
}

void chunks_seek(struct chunks *chunks, const struct chunks_place *place)
{
    lines_seek(&chunks->lines, place->offset);
    chunks->lines.number = place->number;
    chunks->left = place->left;
}

enum status chunks_end(struct chunks *chunks)
{
    const char *line = NULL;
    size_t length = 0;
    enum status status = block_skip(chunks);
    if (status == STATUS_OK)
        status = line_read(chunks, &line, &length);
    return status == STATUS_OK && line
               ? malformed(chunks, "chunks of a file that the manifest does not have")
               : status;
}

void chunks_close(struct chunks *chunks)
{
    lines_free(&chunks->lines);
    buf_free(&chunks->wanted);
}
