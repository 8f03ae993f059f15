#include "content/digester.h"

#include "diag.h"
#include "stream.h"
#include "thread.h"

#include <stdlib.h>

struct digester {
    struct store *store; /* NULL: contents are only digested */
    struct digest *digest;
    struct hasher *hasher;  /* NULL: no second thread */
    uint64_t size, missing; /* bytes of the current content, and of these not added yet */
    struct buf unused;      /* the current content, if it is not written */
};

static enum status digest_failed(void)
{
    return diag_error("cannot compute SHA-256 digests");
}

/* Whether a second thread is worth while. Of a first snapshot everything is new, and two CPUs are
 * busy enough with storing it. */
static bool has_cpu(const struct store *store)
{
    return !store || store->known.packs.count > 0 || thread_cpus() > 2;
}

enum status digester_new(struct digester **made, struct store *store, bool threads)
{
    struct digester *digester = *made = calloc(1, sizeof *digester);
    if (!digester || (!store && buf_reserve(&digester->unused, STREAM_CHUNK) != 0)) {
        digester_free(digester);
        *made = NULL;
        return diag_no_memory();
    }
    digester->store = store;
    digester->digest = digest_new(DIGEST_SHA256);
    enum status status = digester->digest ? STATUS_OK : digest_failed();
    if (status == STATUS_OK && threads && has_cpu(store))
        status = hasher_new(&digester->hasher, store ? &store->records : NULL);
    if (status == STATUS_OK)
        return STATUS_OK;
    digester_free(digester);
    *made = NULL;
    return status;
}

void digester_listen(struct digester *digester, hasher_told *told, void *context)
{
    if (digester->hasher)
        hasher_listen(digester->hasher, told, context);
}

/* What becomes of a content. */
enum fate { DIGESTED, WRITTEN, CUT, LATE };

/* The empty content is always known. */
static enum fate fate_of(const struct digester *digester, uint64_t size)
{
    if (digester->hasher && size > 0 && size <= PACK_CONTENT_MAX)
        return LATE;
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
    case LATE:
        return hasher_begin(digester->hasher, (uint32_t)size);
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
    case LATE:
        return hasher_space(digester->hasher);
    default:
        return digester->unused.bytes;
    }
}

/* Less is digested sooner than another thread is woken. */
#define SHARED_MIN ((size_t)64 * 1024)

/* Adds a piece of a large content: the whole is digested in the second thread, the chunks in this
 * one. */
static enum status piece_added(struct digester *digester, const void *bytes, size_t length)
{
    struct large *large = &digester->store->large;
    if (!digester->hasher || length < SHARED_MIN)
        return digest_update(digester->digest, bytes, length) == 0 ? large_added(large, length)
                                                                   : digest_failed();
    hasher_update(digester->hasher, digester->digest, bytes, length);
    enum status status = large_added(large, length);
    enum status joined = hasher_join(digester->hasher);
    return status == STATUS_OK ? joined : status;
}

enum status digester_added(struct digester *digester, size_t length)
{
    size_t room = 0;
    const enum fate fate = fate_of(digester, digester->size);
    const void *bytes = digester_space(digester, &room);
    digester->missing -= length;
    if (fate == CUT)
        return piece_added(digester, bytes, length);
    if (fate == LATE)
        hasher_added(digester->hasher, length);
    else if (digest_update(digester->digest, bytes, length) != 0)
        return digest_failed();
    if (fate == WRITTEN)
        records_added(&digester->store->records, length);
    return STATUS_OK;
}

enum status digester_end(struct digester *digester, struct digest_value *value, struct place *place,
                         bool *late)
{
    const enum fate fate = fate_of(digester, digester->size);
    *value = (struct digest_value){.algorithm = DIGEST_SHA256};
    *place = (struct place){0};
    *late = fate == LATE;
    if (fate != LATE && digest_final(digester->digest, value) != 0)
        return digest_failed();
    switch (fate) {
    case WRITTEN:
        return records_end(&digester->store->records, value, place);
    case CUT:
        return large_end(&digester->store->large, value, place);
    default:
        return STATUS_OK;
    }
}

enum status digester_late(struct digester *digester, const struct hasher_token *token)
{
    return hasher_end(digester->hasher, token);
}

bool digester_reads(const struct digester *digester, uint64_t size)
{
    return fate_of(digester, size) == LATE && hasher_reads(digester->hasher);
}

enum status digester_late_file(struct digester *digester, const struct hasher_token *token,
                               const struct source *source, const char *path)
{
    return hasher_end_file(digester->hasher, token, source, path);
}

enum status digester_settle(struct digester *digester)
{
    return digester->hasher ? hasher_settle(digester->hasher) : STATUS_OK;
}

enum status digester_knows(const struct digester *digester, uint64_t size,
                           const struct digest_value *value, struct place *place, bool *known)
{
    *known = true;
    if (!digester->store || size == 0 || (size <= PACK_CONTENT_MAX && place->pack != PLACE_UNKNOWN))
        return STATUS_OK;
    struct records *records = &digester->store->records;
    enum status status = STATUS_OK;
    if (size > PACK_CONTENT_MAX && digester->hasher)
        status = hasher_settle(digester->hasher);
    if (status != STATUS_OK)
        return status;
    if (size > PACK_CONTENT_MAX)
        return large_knows(&digester->store->large, size, value, place, known);
    if (!digester->hasher || !hasher_waits(digester->hasher))
        return records_find(records, value, &place->pack, known);
    /* Whether this run has written it is decided after those that wait, when it was read. */
    status = known_find(records->known, value, &place->pack);
    *known = place->pack != PLACE_UNKNOWN;
    return status;
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
    hasher_free(digester->hasher);
    digest_free(digester->digest);
    buf_free(&digester->unused);
    free(digester);
}
