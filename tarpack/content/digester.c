#include "content/digester.h"

#include "content/chunker.h"
#include "content/seen.h"
#include "contents.h"
#include "diag.h"
#include "stream.h"

#include <stdlib.h>
#include <string.h>

/* The buffer of a large content holds whole chunks and the start of the next. */
#define LARGE_SIZE ((size_t)PACK_CONTENT_MAX)

/* Records are collected up to this size before they are written. */
#define OUT_FULL ((size_t)PACK_CONTENT_MAX)

struct digester {
    struct digester_output output; /* fd -1: none */
    struct seen *seen;
    struct digest *whole; /* of the current content */
    uint64_t size, added; /* bytes of the current content, and of these so far */
    struct buf out;       /* records that are not written, and the current content if it is small */
    size_t record;        /* where in `out` the record of the current content begins */
    /* A large content: */
    struct chunker chunker;
    struct digest *piece;      /* of a chunk */
    struct buf large;          /* bytes that are not cut yet */
    struct digest_value zeros; /* of a chunk of zeros */
    size_t zeros_length;       /* of that chunk; 0: none yet */
};

static enum status digest_failed(void)
{
    diag_error("cannot compute SHA-256 digests");
    return STATUS_SYSTEM;
}

static bool is_stored(const struct digester *digester)
{
    return digester->output.fd >= 0;
}

static bool is_large(const struct digester *digester)
{
    return is_stored(digester) && digester->size > PACK_CONTENT_MAX;
}

static bool is_small(const struct digester *digester)
{
    return is_stored(digester) && digester->size > 0 && digester->size <= PACK_CONTENT_MAX;
}

enum status digester_new(struct digester **made, const struct digester_output *output)
{
    struct digester *digester = *made = calloc(1, sizeof *digester);
    if (!digester)
        return diag_no_memory();
    digester->output.fd = -1;
    if (output)
        digester->output = *output;
    chunker_init(&digester->chunker);
    digester->whole = digest_new(DIGEST_SHA256);
    digester->piece = digest_new(DIGEST_SHA256);
    bool memory = buf_reserve(&digester->out, STREAM_CHUNK) == 0;
    if (output) {
        digester->seen = seen_new();
        memory = digester->seen && buf_reserve(&digester->large, LARGE_SIZE) == 0 &&
                 buf_reserve(&digester->out, OUT_FULL + CONTENTS_LINE_MAX + PACK_CONTENT_MAX) == 0;
    }
    if (memory && digester->whole && digester->piece)
        return STATUS_OK;
    enum status status = memory ? digest_failed() : diag_no_memory();
    digester_free(digester);
    *made = NULL;
    return status;
}

static enum status flush(struct digester *digester)
{
    if (stream_write(digester->output.fd, digester->out.bytes, digester->out.length) != 0) {
        diag_errno("cannot write the contents stream");
        return STATUS_SYSTEM;
    }
    digester->out.length = 0;
    return STATUS_OK;
}

/* Adds the line of a record. */
static enum status record_add(struct digester *digester, enum contents_kind kind, uint64_t size,
                              const struct digest_value *value)
{
    struct contents_record record = {.kind = kind, .size = (uint32_t)size};
    if (value)
        record.digest = *value;
    return contents_encode(&digester->out, &record) == 0 ? STATUS_OK : diag_no_memory();
}

enum status digester_begin(struct digester *digester, const char *path, uint64_t size)
{
    digester->size = size;
    digester->added = 0;
    enum status status = STATUS_OK;
    if (is_large(digester)) {
        chunker_begin(&digester->chunker, size);
        return mapfile_begin(digester->output.map, path, size);
    }
    if (is_small(digester)) {
        if (digester->out.length >= OUT_FULL)
            status = flush(digester);
        /* The content is read directly behind the line; its digest follows. */
        digester->record = digester->out.length;
        if (status == STATUS_OK)
            status = record_add(digester, CONTENTS_FILE, size, NULL);
    }
    return status;
}

/* The buffer that the current content is read into. */
static struct buf *buffer_of(struct digester *digester)
{
    return is_large(digester) ? &digester->large : &digester->out;
}

void *digester_space(struct digester *digester, size_t *room)
{
    const struct buf *buffer = buffer_of(digester);
    uint64_t missing = digester->size - digester->added;
    size_t free = is_large(digester)   ? LARGE_SIZE - buffer->length
                  : is_small(digester) ? PACK_CONTENT_MAX
                                       : STREAM_CHUNK;
    *room = missing < free ? (size_t)missing : free;
    return buffer->bytes + buffer->length;
}

/* Stores whether the packs have the content, or this run has written it. */
static enum status content_find(const struct digester *digester, const struct digest_value *value,
                                bool *found)
{
    struct index_entry entry;
    size_t pack = 0;
    *found = seen_has(digester->seen, value);
    return *found ? STATUS_OK : packs_find(digester->output.known, value, &pack, &entry, found);
}

static bool is_zeros(const unsigned char *bytes, size_t length)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0;
}

/* Stores the digest of a chunk. That of zeros, as long holes have, is computed once. */
static enum status chunk_digest(struct digester *digester, const unsigned char *bytes,
                                size_t length, struct digest_value *value)
{
    const bool zeros = is_zeros(bytes, length);
    if (zeros && length == digester->zeros_length) {
        *value = digester->zeros;
        return STATUS_OK;
    }
    if (digest_update(digester->piece, bytes, length) != 0 ||
        digest_final(digester->piece, value) != 0)
        return digest_failed();
    if (zeros) {
        digester->zeros = *value;
        digester->zeros_length = length;
    }
    return STATUS_OK;
}

static enum status chunk_add(struct digester *digester, const unsigned char *bytes, size_t length)
{
    struct chunk_run run = {.length = (uint32_t)length, .count = 1};
    bool found = false;
    enum status status = chunk_digest(digester, bytes, length, &run.digest);
    if (status == STATUS_OK)
        status = mapfile_add(digester->output.map, &run);
    if (status == STATUS_OK)
        status = content_find(digester, &run.digest, &found);
    if (status != STATUS_OK || found)
        return status;
    seen_add(digester->seen, &run.digest);
    status = record_add(digester, CONTENTS_CHUNK, length, &run.digest);
    if (status == STATUS_OK && buf_append(&digester->out, bytes, length) != 0)
        status = diag_no_memory();
    return status == STATUS_OK && digester->out.length >= OUT_FULL ? flush(digester) : status;
}

/* Cuts the chunks that are complete from the buffer. */
static enum status large_cut(struct digester *digester)
{
    struct buf *large = &digester->large;
    const bool last = digester->added == digester->size;
    size_t start = 0;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && start < large->length &&
           (last || large->length - start >= digester->chunker.max)) {
        const unsigned char *bytes = (const unsigned char *)large->bytes + start;
        size_t length = chunker_cut(&digester->chunker, bytes, large->length - start);
        status = chunk_add(digester, bytes, length);
        start += length;
    }
    large->length -= start;
    memmove(large->bytes, large->bytes + start, large->length);
    return status;
}

enum status digester_added(struct digester *digester, size_t length)
{
    struct buf *buffer = buffer_of(digester);
    if (digest_update(digester->whole, buffer->bytes + buffer->length, length) != 0)
        return digest_failed();
    digester->added += length;
    if (is_stored(digester))
        buffer->length += length;
    return is_large(digester) ? large_cut(digester) : STATUS_OK;
}

/* Completes the record of a small content, or takes it back if the content is not new. */
static enum status small_end(struct digester *digester, const struct digest_value *value)
{
    bool found = false;
    const size_t end = digester->out.length;
    enum status status = content_find(digester, value, &found);
    digester->out.length = digester->record;
    if (status != STATUS_OK || found)
        return status;
    seen_add(digester->seen, value);
    status = record_add(digester, CONTENTS_FILE, digester->size, value);
    digester->out.length = end;
    return status;
}

enum status digester_end(struct digester *digester, struct digest_value *value)
{
    if (digest_final(digester->whole, value) != 0)
        return digest_failed();
    if (is_large(digester))
        return mapfile_end(digester->output.map, value);
    return is_small(digester) ? small_end(digester, value) : STATUS_OK;
}

enum status digester_knows(const struct digester *digester, const struct digest_value *value,
                           uint64_t size, bool *known)
{
    *known = !is_stored(digester) || size == 0;
    if (*known || size > PACK_CONTENT_MAX)
        return STATUS_OK;
    return content_find(digester, value, known);
}

enum status digester_finish(struct digester *digester)
{
    if (!is_stored(digester))
        return STATUS_OK;
    enum status status = record_add(digester, CONTENTS_END, 0, NULL);
    if (status == STATUS_OK)
        status = flush(digester);
    return status == STATUS_OK ? mapfile_finish(digester->output.map) : status;
}

void digester_free(struct digester *digester)
{
    if (!digester)
        return;
    digest_free(digester->whole);
    digest_free(digester->piece);
    free(digester->seen);
    buf_free(&digester->out);
    buf_free(&digester->large);
    free(digester);
}
