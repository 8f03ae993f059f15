#include "content/digester.h"

#include "diag.h"
#include "stream.h"

#include <stdlib.h>

struct digester {
    struct store *store; /* NULL: contents are only digested */
    struct digest *digest;
    uint64_t size, missing; /* bytes of the current content, and of these not added yet */
    struct buf unused;      /* the current content, if it is not written */
};

enum status digester_new(struct digester **made, struct store *store)
{
    struct digester *digester = *made = calloc(1, sizeof *digester);
    if (!digester || (!store && buf_reserve(&digester->unused, STREAM_CHUNK) != 0)) {
        digester_free(digester);
        *made = NULL;
        return diag_no_memory();
    }
    digester->store = store;
    digester->digest = digest_new(DIGEST_SHA256);
    if (digester->digest)
        return STATUS_OK;
    digester_free(digester);
    *made = NULL;
    return diag_error("cannot compute SHA-256 digests");
}

/* What becomes of a content. */
enum fate { DIGESTED, WRITTEN, CUT };

/* The empty content is always known. */
static enum fate fate_of(const struct digester *digester, uint64_t size)
{
    if (!digester->store || size == 0)
        return DIGESTED;
    return size <= PACK_CONTENT_MAX ? WRITTEN : CUT;
}

enum status digester_begin(struct digester *digester, const char *path, uint64_t size)
{
    digester->size = digester->missing = size;
    switch (fate_of(digester, size)) {
    case WRITTEN:
        return records_begin(&digester->store->records, (uint32_t)size);
    case CUT:
        return large_begin(&digester->store->large, path, size);
    default:
        return STATUS_OK;
    }
}

void *digester_space(struct digester *digester, size_t *room)
{
    *room = digester->missing < STREAM_CHUNK ? (size_t)digester->missing : STREAM_CHUNK;
    switch (fate_of(digester, digester->size)) {
    case WRITTEN:
        return records_space(&digester->store->records);
    case CUT:
        return large_space(&digester->store->large, room);
    default:
        return digester->unused.bytes;
    }
}

enum status digester_added(struct digester *digester, size_t length)
{
    size_t room = 0;
    if (digest_update(digester->digest, digester_space(digester, &room), length) != 0)
        return diag_error("cannot compute SHA-256 digests");
    digester->missing -= length;
    switch (fate_of(digester, digester->size)) {
    case WRITTEN:
        records_added(&digester->store->records, length);
        return STATUS_OK;
    case CUT:
        return large_added(&digester->store->large, length);
    default:
        return STATUS_OK;
    }
}

enum status digester_end(struct digester *digester, struct digest_value *value, struct place *place)
{
    *place = (struct place){0};
    if (digest_final(digester->digest, value) != 0)
        return diag_error("cannot compute SHA-256 digests");
    switch (fate_of(digester, digester->size)) {
    case WRITTEN:
        return records_end(&digester->store->records, value, place);
    case CUT:
        return large_end(&digester->store->large, value, place);
    default:
        return STATUS_OK;
    }
}

enum status digester_knows(const struct digester *digester, const char *path, uint64_t size,
                           const struct digest_value *value, struct place *place, bool *known)
{
    *known = true;
    switch (fate_of(digester, size)) {
    case WRITTEN:
        return place->pack != PLACE_UNKNOWN
                   ? STATUS_OK
                   : records_find(&digester->store->records, value, &place->pack, known);
    case CUT:
        return large_knows(&digester->store->large, path, size, value, place, known);
    default:
        return STATUS_OK;
    }
}

enum status digester_keep(const struct digester *digester, const char *path, uint64_t size,
                          const struct digest_value *value, struct place *place)
{
    return fate_of(digester, size) == CUT ? large_keep(&digester->store->large, path, value, place)
                                          : STATUS_OK;
}

void digester_free(struct digester *digester)
{
    if (!digester)
        return;
    digest_free(digester->digest);
    buf_free(&digester->unused);
    free(digester);
}
