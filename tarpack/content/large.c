#include "content/large.h"

#include "diag.h"

#include <string.h>

/* Holds whole chunks and the start of the next one. */
#define BUFFER ((size_t)PACK_CONTENT_MAX)

static enum status digest_failed(void)
{
    return diag_error("cannot compute SHA-256 digests");
}

enum status large_start(struct large *large, struct records *records, struct mapfile *map,
                        struct oldmap *old)
{
    *large = (struct large){.records = records, .map = map, .old = old};
    chunker_init(&large->chunker);
    if (buf_reserve(&large->bytes, BUFFER) != 0)
        return diag_no_memory();
    large->piece = digest_new(DIGEST_SHA256);
    return large->piece ? STATUS_OK : digest_failed();
}

enum status large_begin(struct large *large, const char *path, uint64_t size)
{
    chunker_begin(&large->chunker, size);
    large->missing = size;
    large->stored = true;
    return mapfile_begin(large->map, path, size);
}

void *large_space(struct large *large, size_t *room)
{
    struct buf *buffer = &large->bytes;
    buffer->length -= large->cut;
    memmove(buffer->bytes, buffer->bytes + large->cut, buffer->length);
    large->cut = 0;
    *room = BUFFER - buffer->length;
    if (large->missing < *room)
        *room = (size_t)large->missing;
    return buffer->bytes + buffer->length;
}

static bool is_zeros(const unsigned char *bytes, size_t length)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0;
}

/* Stores the digest of a chunk. That of zeros, as long holes have, is computed once. */
static enum status chunk_digest(struct large *large, const unsigned char *bytes, size_t length,
                                struct digest_value *value)
{
    const bool zeros = is_zeros(bytes, length);
    if (zeros && length == large->zeros_length) {
        *value = large->zeros;
        return STATUS_OK;
    }
    if (digest_update(large->piece, bytes, length) != 0 || digest_final(large->piece, value) != 0)
        return digest_failed();
    if (zeros) {
        large->zeros = *value;
        large->zeros_length = length;
    }
    return STATUS_OK;
}

static enum status chunk_add(struct large *large, const unsigned char *bytes, size_t length)
{
    struct chunk_run run = {.length = (uint32_t)length, .count = 1};
    uint32_t pack = 0;
    enum status status = chunk_digest(large, bytes, length, &run.digest);
    if (status == STATUS_OK)
        status = mapfile_add(large->map, &run);
    if (status == STATUS_OK)
        status = records_chunk(large->records, bytes, run.length, &run.digest, &pack);
    large->stored = large->stored && pack != 0;
    return status;
}

/* Cuts the chunks that are complete from the buffer. */
enum status large_added(struct large *large, size_t length)
{
    struct buf *buffer = &large->bytes;
    enum status status = STATUS_OK;
    buffer->length += length;
    large->missing -= length;
    while (status == STATUS_OK && large->cut < buffer->length &&
           (large->missing == 0 || buffer->length - large->cut >= large->chunker.max)) {
        const unsigned char *bytes = (const unsigned char *)buffer->bytes + large->cut;
        size_t cut = chunker_cut(&large->chunker, bytes, buffer->length - large->cut);
        status = chunk_add(large, bytes, cut);
        large->cut += cut;
    }
    return status;
}

enum status large_end(struct large *large, const struct digest_value *value, struct place *place)
{
    place->pack = large->stored ? PLACE_SEVERAL : PLACE_UNKNOWN;
    return mapfile_end(large->map, value, &place->chunks);
}

/* Searches the chunks of the block that was found, and stores whether all are stored. */
static enum status block_search(struct large *large, bool *stored)
{
    struct chunk_run run = {.count = 1};
    uint32_t pack = 0;
    enum status status = STATUS_OK;
    oldmap_rewind(large->old);
    while (status == STATUS_OK && *stored && run.count > 0) {
        status = oldmap_next(large->old, &run);
        if (status == STATUS_OK && run.count > 0) {
            status = records_find(large->records, &run.digest, &pack, stored);
            large->stored = large->stored && pack != 0;
        }
    }
    *stored = *stored && large->old->left == 0;
    return status;
}

enum status large_knows(struct large *large, uint64_t size, const struct digest_value *value,
                        const struct place *place, bool *known)
{
    enum status status = oldmap_find(large->old, size, value, place->chunks, known);
    large->stored = true;
    if (status != STATUS_OK || !*known || place->pack == PLACE_SEVERAL)
        return status;
    return block_search(large, known);
}

enum status large_keep(struct large *large, const char *path, const struct digest_value *value,
                       struct place *place)
{
    struct oldmap *old = large->old;
    struct chunk_run run = {0};
    oldmap_rewind(old);
    enum status status = mapfile_begin(large->map, path, old->size);
    do {
        if (status == STATUS_OK)
            status = oldmap_next(old, &run);
        if (status == STATUS_OK && run.count > 0)
            status = mapfile_add(large->map, &run);
    } while (status == STATUS_OK && run.count > 0);
    if (status == STATUS_OK && (old->left > 0 || old->check != place->chunks))
        return diag_error("%s: changed while it was being read", diag_name(old->name).text);
    return status == STATUS_OK ? large_end(large, value, place) : status;
}

void large_free(struct large *large)
{
    digest_free(large->piece);
    buf_free(&large->bytes);
    *large = (struct large){0};
}
