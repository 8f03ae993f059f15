/* Indexes: searches end, and what they find is a line that says so. */
#include "fuzz.h"

#include "index.h"

#include <stdbool.h>
#include <string.h>

static void entry_check(const struct index *index, const struct index_entry *entry)
{
    EXPECT(entry->length > 0 && entry->length <= PACK_CONTENT_MAX);
    EXPECT(entry->offset <= index->size && entry->length <= index->size - entry->offset);
}

/* A line that is accepted is encoded to the same bytes. */
static void line_try(const struct index *index, size_t number)
{
    struct index_entry entry;
    struct buf out = {0};
    if (index_get(index, number, &entry) != PACK_OK)
        return;
    entry_check(index, &entry);
    EXPECT(index_append(&out, &entry) == 0);
    EXPECT(out.length == INDEX_LINE &&
           memcmp(out.bytes, index->lines + number * INDEX_LINE, INDEX_LINE) == 0);
    buf_free(&out);
}

/* Searches; if the digest is known to be `present`, it must be found. */
static void find_try(const struct index *index, const struct digest_value *digest, bool present)
{
    const struct index_key key = index_key(digest);
    struct index_entry entry;
    const enum index_result result = index_find(index, &key, &entry);
    EXPECT(!present || result == INDEX_FOUND);
    if (result != INDEX_FOUND)
        return;
    entry_check(index, &entry);
    EXPECT(memcmp(entry.digest, digest->bytes, INDEX_DIGEST) == 0);
}

/* Whether every line is well-formed and the digests ascend. */
static bool is_sound(const struct index *index)
{
    struct index_entry entry, before = {0};
    for (size_t i = 0; i < index->count; i++) {
        if (index_get(index, i, &entry) != PACK_OK ||
            (i > 0 && memcmp(before.digest, entry.digest, INDEX_DIGEST) >= 0))
            return false;
        before = entry;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct index index;
    struct index_entry entry;
    struct digest_value digest = {.algorithm = DIGEST_SHA256};
    /* A cut last line would hide the others. */
    if (index_parse(&index, (const char *)data, size - size % INDEX_LINE) != PACK_OK)
        return 0;
    find_try(&index, &digest, false);
    memcpy(digest.bytes, data, INDEX_DIGEST);
    find_try(&index, &digest, false);
    const bool sound = is_sound(&index);
    for (size_t i = 0; i < index.count; i++) {
        line_try(&index, i);
        if (index_get(&index, i, &entry) != PACK_OK)
            continue;
        memcpy(digest.bytes, entry.digest, INDEX_DIGEST);
        find_try(&index, &digest, sound);
    }
    return 0;
}
