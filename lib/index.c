#include "index.h"

#include <endian.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define HEADER "#index "

enum {
    HEX = PACK_DIGITS,
    HEADER_LENGTH = sizeof HEADER - 1,
    SIZE_DIGITS = 14,
    OFFSET_DIGITS = 13,
    LENGTH_DIGITS = 7,
    PREFIX_DIGITS = 16, /* of a digest, as a number: the key of the interpolation */
    INTERPOLATIONS = 12,
};

int index_append_header(struct buf *out, const char *pack, uint64_t size)
{
    return buf_append(out, HEADER, HEADER_LENGTH) != 0 || buf_append(out, pack, HEX) != 0 ||
                   buf_append(out, " ", 1) != 0 ||
                   buf_append_number(out, size, 10, SIZE_DIGITS) != 0 ||
                   buf_append(out, "\n", 1) != 0
               ? -1
               : 0;
}

int index_append(struct buf *out, const struct index_entry *entry)
{
    struct digest_value digest = {.algorithm = DIGEST_SHA256};
    char hex[DIGEST_TEXT_SIZE];
    memcpy(digest.bytes, entry->digest, INDEX_DIGEST);
    digest_hex(&digest, hex);
    return buf_append(out, hex, HEX) != 0 || buf_append(out, " ", 1) != 0 ||
                   buf_append_number(out, entry->offset, 10, OFFSET_DIGITS) != 0 ||
                   buf_append(out, " ", 1) != 0 ||
                   buf_append_number(out, entry->length, 10, LENGTH_DIGITS) != 0 ||
                   buf_append(out, "\n", 1) != 0
               ? -1
               : 0;
}

static int entry_compare(const void *a, const void *b)
{
    const struct index_entry *one = a, *other = b;
    return memcmp(one->digest, other->digest, INDEX_DIGEST);
}

void index_sort(struct index_entry *entries, size_t count)
{
    if (count > 0)
        qsort(entries, count, sizeof *entries, entry_compare);
}

/* Parses exactly `digits` decimal digits, at most 19, which the byte `after` follows. */
static bool number_parse(const char *text, unsigned digits, char after, uint64_t *number)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < digits; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(text[i] - '0');
    }
    *number = value;
    return text[digits] == after;
}

static bool digest_get(const char *hex, struct digest_value *digest)
{
    char text[HEX + 1] = {0};
    memcpy(text, hex, HEX);
    return digest_parse(text, digest) == NULL;
}

enum pack_error index_parse(struct index *index, const char *bytes, size_t length)
{
    struct digest_value pack;
    char line[INDEX_LINE];
    if (length < INDEX_LINE || length % INDEX_LINE != 0 ||
        length / INDEX_LINE - 1 > INDEX_COUNT_MAX)
        return PACK_BAD_INDEX;
    memcpy(line, bytes, INDEX_LINE);
    const char *digest = line + HEADER_LENGTH, *size = digest + HEX + 1;
    if (memcmp(line, HEADER, HEADER_LENGTH) != 0 || !digest_get(digest, &pack) || size[-1] != ' ' ||
        !number_parse(size, SIZE_DIGITS, '\n', &index->size) || index->size > INDEX_SIZE_MAX)
        return PACK_BAD_INDEX;
    memcpy(index->pack, digest, HEX);
    index->lines = bytes + INDEX_LINE;
    index->count = length / INDEX_LINE - 1;
    index->starts = NULL;
    return PACK_OK;
}

/* Parses what follows the digest in a copy of line `number`, which does not change any more. */
static bool place_parse(const struct index *index, size_t number, const char *line,
                        struct index_entry *entry)
{
    uint64_t length = 0;
    const char *offset_at = line + HEX + 1, *length_at = offset_at + OFFSET_DIGITS + 1;
    if (offset_at[-1] != ' ' || !number_parse(offset_at, OFFSET_DIGITS, ' ', &entry->offset) ||
        !number_parse(length_at, LENGTH_DIGITS, '\n', &length) || length == 0 ||
        length > PACK_CONTENT_MAX || entry->offset > index->size ||
        length > index->size - entry->offset)
        return false;
    entry->length = (uint32_t)length;
    entry->line = (uint32_t)number;
    return true;
}

enum pack_error index_get(const struct index *index, size_t number, struct index_entry *entry)
{
    struct digest_value digest;
    char line[INDEX_LINE];
    memcpy(line, index->lines + number * INDEX_LINE, INDEX_LINE);
    if (!digest_get(line, &digest) || !place_parse(index, number, line, entry))
        return PACK_BAD_INDEX;
    memcpy(entry->digest, digest.bytes, INDEX_DIGEST);
    return PACK_OK;
}

/* Parses a line that has the digest; it may have changed meanwhile. */
static enum index_result line_find(const struct index *index, size_t number,
                                   const struct index_key *key, struct index_entry *entry)
{
    char line[INDEX_LINE];
    memcpy(line, index->lines + number * INDEX_LINE, INDEX_LINE);
    if (memcmp(line, key->hex, HEX) != 0 || !place_parse(index, number, line, entry))
        return INDEX_MALFORMED;
    memcpy(entry->digest, key->digest, INDEX_DIGEST);
    return INDEX_FOUND;
}

struct index_key index_key(const struct digest_value *digest)
{
    struct index_key key = {0};
    char hex[DIGEST_TEXT_SIZE];
    digest_hex(digest, hex);
    memcpy(key.hex, hex, HEX);
    memcpy(key.digest, digest->bytes, INDEX_DIGEST);
    for (unsigned i = 0; i < PREFIX_DIGITS / 2; i++)
        key.prefix = key.prefix << 8 | digest->bytes[i];
    return key;
}

#define BYTES(value) (UINT64_C(0x0101010101010101) * (value))

/* The value of eight hexadecimal digits, one in each byte of `text`, the first in the highest;
 * false if they are others than 0-9 and a-f. Without branches, which would be mispredicted all the
 * time.
 */
static bool digits_parse(uint64_t text, uint64_t *value)
{
    uint64_t bits = (text & BYTES(0x0f)) + (text >> 6 & BYTES(1)) * 9;
    const uint64_t letters = (bits + BYTES(6)) >> 4 & BYTES(1);
    const bool valid =
        (bits & BYTES(0xf0)) == 0 && bits + BYTES('0') + letters * ('a' - '9' - 1) == text;
    bits = (bits | bits >> 4) & UINT64_C(0x00ff00ff00ff00ff);
    bits = (bits | bits >> 8) & UINT64_C(0x0000ffff0000ffff);
    *value = (bits | bits >> 16) & UINT32_MAX;
    return valid;
}

/* The first digits of a line as a number; false if they are not digits. */
static bool prefix_parse(const char *line, uint64_t *prefix)
{
    uint64_t texts[2], high = 0, low = 0;
    memcpy(texts, line, sizeof texts);
    const bool high_valid = digits_parse(be64toh(texts[0]), &high);
    const bool low_valid = digits_parse(be64toh(texts[1]), &low);
    *prefix = high << 32 | low;
    return high_valid && low_valid;
}

enum pack_error index_prefix(const struct index *index, size_t number, uint64_t *prefix)
{
    return prefix_parse(index->lines + number * INDEX_LINE, prefix) ? PACK_OK : PACK_BAD_INDEX;
}

/* The lines that are left, from `first` up to but not `above`, and the lines beside them, NULL at
 * an end of the index, with the first digits of these. */
struct range {
    size_t first, above;
    uint64_t below_prefix, above_prefix;
    const char *below_line, *above_line;
};

/* A line of the range: where the digest would be if they were spread evenly, which they are; after
 * some steps, in an index that was made to be slow, the middle one. */
static size_t line_guess(const struct range *range, uint64_t prefix, unsigned step)
{
    const size_t width = range->above - range->first;
    const uint64_t span = range->above_prefix - range->below_prefix;
    if (step >= INTERPOLATIONS || span == 0)
        return range->first + width / 2;
    const double share = (double)(prefix - range->below_prefix) / (double)span;
    const size_t guess = (size_t)(share * (double)width);
    return range->first + (guess < width ? guess : width - 1);
}

/* Whether the line is between those beside the range. The first digits nearly always tell. */
static bool is_between(const struct range *range, const char *line, uint64_t prefix)
{
    if (prefix < range->below_prefix || prefix > range->above_prefix)
        return false;
    return (!range->below_line || prefix > range->below_prefix ||
            memcmp(line, range->below_line, HEX) > 0) &&
           (!range->above_line || prefix < range->above_prefix ||
            memcmp(line, range->above_line, HEX) < 0);
}

/* The lines that can have a digest with this prefix. */
static struct range range_start(const struct index *index, uint64_t prefix)
{
    if (!index->starts)
        return (struct range){.above = index->count, .above_prefix = UINT64_MAX};
    const uint64_t bits = prefix >> index->shift;
    return (struct range){.first = index->starts[bits],
                          .above = index->starts[bits + 1],
                          .below_prefix = bits << index->shift,
                          .above_prefix =
                              (bits << index->shift) | ((UINT64_C(1) << index->shift) - 1)};
}

enum index_result index_find(const struct index *index, const struct index_key *key,
                             struct index_entry *entry)
{
    struct range range = range_start(index, key->prefix);
    for (unsigned step = 0; range.first < range.above; step++) {
        const size_t number = line_guess(&range, key->prefix, step);
        const char *line = index->lines + number * INDEX_LINE;
        uint64_t prefix = 0;
        if (!prefix_parse(line, &prefix) || !is_between(&range, line, prefix))
            return INDEX_MALFORMED;
        int order = prefix < key->prefix ? -1 : prefix > key->prefix;
        if (order == 0)
            order = memcmp(line, key->hex, HEX);
        if (order == 0)
            return line_find(index, number, key, entry);
        if (order < 0) {
            range.first = number + 1;
            range.below_prefix = prefix;
            range.below_line = line;
        } else {
            range.above = number;
            range.above_prefix = prefix;
            range.above_line = line;
        }
    }
    return INDEX_ABSENT;
}
