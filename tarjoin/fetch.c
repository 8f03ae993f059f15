#include "fetch.h"

#include "diag.h"
#include "frames.h"

#include <stdio.h>
#include <stdlib.h>

struct fetch {
    const struct packs *packs;
    struct frames *frames;
    struct digest *digest;
    bool *needed; /* packs that fetch_need() has printed */
};

enum status fetch_new(struct fetch **made, const struct packs *packs, int directory)
{
    struct fetch *fetch = *made = calloc(1, sizeof *fetch);
    if (!fetch)
        return diag_no_memory();
    fetch->packs = packs;
    fetch->frames = frames_new(packs, directory);
    fetch->digest = digest_new(DIGEST_SHA256);
    fetch->needed = calloc(packs->count + 1, sizeof *fetch->needed);
    if (fetch->frames && fetch->digest && fetch->needed)
        return STATUS_OK;
    fetch_free(fetch);
    *made = NULL;
    return diag_no_memory();
}

/* Reads the content from one pack and compares its digest. */
static enum status content_read(struct fetch *fetch, size_t pack, const struct index_entry *entry,
                                const struct digest_value *digest, size_t length,
                                const unsigned char **bytes)
{
    struct digest_value actual;
    const char *name = fetch->packs->list[pack].name;
    if (entry->length != length) {
        diag_error("%s: the index has another length for a content", name);
        return STATUS_ARCHIVE;
    }
    enum status status = frames_get(fetch->frames, pack, entry->offset, length, bytes);
    if (status != STATUS_OK)
        return status;
    if (digest_update(fetch->digest, *bytes, length) != 0 ||
        digest_final(fetch->digest, &actual) != 0) {
        diag_error("cannot compute SHA-256 digests");
        return STATUS_SYSTEM;
    }
    if (digest_equal(&actual, digest))
        return STATUS_OK;
    diag_error("%s: a content does not match its digest", name);
    return STATUS_DIGEST;
}

static enum status missing(const char *path, const struct digest_value *digest)
{
    char hex[DIGEST_TEXT_SIZE];
    digest_hex(digest, hex);
    diag_error("%s: no pack has its content %s", diag_name(path).text, hex);
    return STATUS_ARCHIVE;
}

enum status fetch_content(struct fetch *fetch, const char *path, const struct digest_value *digest,
                          size_t length, const unsigned char **bytes)
{
    enum status verdict = STATUS_OK;
    for (size_t pack = 0;; pack++) {
        struct index_entry entry;
        bool found = false;
        enum status status = packs_find(fetch->packs, digest, &pack, &entry, &found);
        if (status != STATUS_OK)
            return status;
        if (!found)
            return verdict == STATUS_OK ? missing(path, digest) : verdict;
        status = content_read(fetch, pack, &entry, digest, length, bytes);
        if (status == STATUS_OK || status == STATUS_SYSTEM)
            return status;
        verdict = status;
    }
}

enum status fetch_need(struct fetch *fetch, const char *path, const struct digest_value *digest)
{
    struct index_entry entry;
    size_t pack = 0;
    bool found = false;
    enum status status = packs_find(fetch->packs, digest, &pack, &entry, &found);
    if (status != STATUS_OK)
        return status;
    if (!found)
        return missing(path, digest);
    if (!fetch->needed[pack])
        printf("%s\n", fetch->packs->list[pack].name);
    fetch->needed[pack] = true;
    return STATUS_OK;
}

void fetch_free(struct fetch *fetch)
{
    if (!fetch)
        return;
    frames_free(fetch->frames);
    digest_free(fetch->digest);
    free(fetch->needed);
    free(fetch);
}
