#include "fetch.h"

#include "diag.h"

/* The pages of the indexes are given back after so many searches. */
#define TRIM_INTERVAL 16384

enum status fetch_open(struct fetch *fetch, struct packs *packs, int directory)
{
    *fetch = (struct fetch){.packs = packs};
    return frames_new(&fetch->frames, packs, directory);
}

void fetch_close(struct fetch *fetch)
{
    frames_free(fetch->frames);
}

enum status fetcher_open(struct fetcher *fetcher)
{
    *fetcher = (struct fetcher){.digest = digest_new(DIGEST_SHA256)};
    return fetcher->digest ? frame_reader_open(&fetcher->reader) : diag_no_memory();
}

void fetcher_close(struct fetcher *fetcher)
{
    digest_free(fetcher->digest);
    frame_reader_close(&fetcher->reader);
}

static enum status missing(const char *path, const struct digest_value *digest)
{
    char hex[DIGEST_TEXT_SIZE];
    digest_hex(digest, hex);
    diag_error("%s: no pack has its content %s", diag_name(path).text, hex);
    return STATUS_ARCHIVE;
}

void fetch_newest(struct fetch *fetch)
{
    fetch->newest = true;
}

enum status fetch_locate(struct fetch *fetch, const char *path, struct fetch_place *place)
{
    struct index_entry entry = {0};
    bool found = false;
    place->pack = fetch->last;
    enum status status =
        fetch->newest ? packs_search(fetch->packs, &place->digest, &place->pack, &entry, &found)
                      : packs_find(fetch->packs, &place->digest, &place->pack, &entry, &found);
    if (status == STATUS_OK && !found && !fetch->newest) {
        place->pack = 0;
        status = packs_find(fetch->packs, &place->digest, &place->pack, &entry, &found);
    }
    if (++fetch->located % TRIM_INTERVAL == 0)
        packs_trim(fetch->packs);
    if (status != STATUS_OK)
        return status;
    if (!found)
        return missing(path, &place->digest);
    if (entry.length != place->length) {
        diag_error("%s: %s" PACK_INDEX_SUFFIX ": another length than in the manifest",
                   diag_name(path).text, fetch->packs->list[place->pack].name);
        return STATUS_ARCHIVE;
    }
    place->line = entry.line;
    place->offset = entry.offset;
    fetch->last = place->pack;
    return STATUS_OK;
}

/* Reads the content from one pack and compares its digest. Returns a status as frames_read(), or
 * STATUS_DIGEST, also with a problem. */
static enum status place_read(const struct fetch *fetch, struct fetcher *fetcher,
                              const struct fetch_place *place, void *bytes, const char **problem)
{
    struct digest_value actual;
    enum status status = frames_read(fetch->frames, &fetcher->reader, place->pack, place->offset,
                                     place->length, bytes, problem);
    if (status != STATUS_OK)
        return status;
    if (digest_update(fetcher->digest, bytes, place->length) != 0 ||
        digest_final(fetcher->digest, &actual) != 0)
        return diag_error("cannot compute SHA-256 digests");
    if (digest_equal(&actual, &place->digest))
        return STATUS_OK;
    *problem = "the content does not match its digest";
    return STATUS_DIGEST;
}

/* Tries all packs but the one of `place`, and stores whether one has the content right. */
static enum status elsewhere_read(const struct fetch *fetch, struct fetcher *fetcher,
                                  const struct fetch_place *place, void *bytes, bool *found)
{
    struct fetch_place other = *place;
    for (other.pack = 0;; other.pack++) {
        struct index_entry entry = {0};
        const char *problem = NULL;
        enum status status = packs_find(fetch->packs, &other.digest, &other.pack, &entry, found);
        if (status != STATUS_OK || !*found)
            return status;
        if (other.pack == place->pack || entry.length != place->length)
            continue;
        other.offset = entry.offset;
        status = place_read(fetch, fetcher, &other, bytes, &problem);
        if (status == STATUS_OK || status == STATUS_SYSTEM)
            return status;
    }
}

enum status fetch_content(const struct fetch *fetch, struct fetcher *fetcher, const char *path,
                          const struct fetch_place *place, void *bytes, const char **problem)
{
    const char *wrong = NULL;
    bool found = false;
    *problem = NULL;
    enum status status = place_read(fetch, fetcher, place, bytes, &wrong);
    if (status == STATUS_OK || status == STATUS_SYSTEM)
        return status;
    enum status other = elsewhere_read(fetch, fetcher, place, bytes, &found);
    if (other != STATUS_OK)
        return other;
    if (found) {
        *problem = wrong;
        return STATUS_OK;
    }
    diag_error("%s: %s: %s", diag_name(path).text, fetch->packs->list[place->pack].name, wrong);
    return status;
}

void fetch_warn(const struct fetch *fetch, const char *path, const struct fetch_place *place,
                const char *problem)
{
    diag_warn("%s: %s: %s; another pack has it", diag_name(path).text,
              fetch->packs->list[place->pack].name, problem);
}
