#include "store.h"

#include "diag.h"
#include "input.h"

#include <stdlib.h>
#include <string.h>

/* Chunks are read here and there, files in the order in which they are stored. */
static const size_t limits[] = {
    [CONTENTS_FILE] = PACK_FRAME_MAX, [CONTENTS_CHUNK] = PACK_CONTENT_MAX};

enum { KINDS = sizeof limits / sizeof limits[0] };

/* Digests that came lately, in the place that their first bytes give. A later one takes the place
 * of an earlier one, whose content may then be stored again. */
enum { SEEN = 1 << 17 };

struct store {
    struct crew *crew;
    struct input input;
    struct frame *frames[KINDS]; /* that are being filled, or NULL */
    unsigned char (*seen)[INDEX_DIGEST];
    char skipped[PACK_CONTENT_MAX]; /* a content that is not stored */
};

/* Whether the content came before; from now on it has. */
static bool was_seen(struct store *store, const struct digest_value *digest)
{
    uint32_t place = 0;
    memcpy(&place, digest->bytes, sizeof place);
    unsigned char *seen = store->seen[place % SEEN];
    if (memcmp(seen, digest->bytes, INDEX_DIGEST) == 0)
        return true;
    memcpy(seen, digest->bytes, INDEX_DIGEST);
    return false;
}

/* Gives the frame of this kind, if there is one, to the crew. */
static enum status frame_give(struct store *store, unsigned kind)
{
    struct frame *frame = store->frames[kind];
    store->frames[kind] = NULL;
    return frame ? crew_give(store->crew, frame) : STATUS_OK;
}

/* Reads the content of a record into its frame. */
static enum status content_add(struct store *store, const struct contents_record *record)
{
    struct frame **frame = &store->frames[record->kind];
    if (*frame && !frame_fits(*frame, record->size, limits[record->kind])) {
        enum status status = frame_give(store, record->kind);
        if (status != STATUS_OK)
            return status;
    }
    if (!*frame)
        *frame = crew_frame(store->crew);
    char *content = frame_add(*frame, &record->digest, record->size);
    return content ? input_content(&store->input, content, record->size) : diag_no_memory();
}

static enum status records_read(struct store *store)
{
    for (;;) {
        struct contents_record record;
        enum status status = input_record(&store->input, &record);
        if (status != STATUS_OK || record.kind == CONTENTS_END)
            return status;
        if (was_seen(store, &record.digest))
            status = input_content(&store->input, store->skipped, record.size);
        else
            status = content_add(store, &record);
        if (status != STATUS_OK)
            return status;
    }
}

enum status store_stream(struct crew *crew)
{
    enum status status = STATUS_OK;
    struct store *store = calloc(1, sizeof *store);
    if (store)
        store->seen = calloc(SEEN, sizeof *store->seen);
    if (store && store->seen) {
        store->crew = crew;
        memset(store->seen[0], 0xff, INDEX_DIGEST); /* a digest of zeros was not seen */
        status = records_read(store);
        for (unsigned kind = 0; kind < KINDS && status == STATUS_OK; kind++)
            status = frame_give(store, kind);
    } else {
        status = diag_no_memory();
    }
    if (store)
        free(store->seen);
    free(store);
    return status;
}
