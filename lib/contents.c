#include "contents.h"

#include "decimal.h"

#include <stdbool.h>
#include <string.h>

static const char end[] = "end\n";

static const struct {
    const char *text; /* between digest and size */
    size_t length;
} kinds[] = {
    [CONTENTS_FILE] = {" file ", sizeof " file " - 1},
    [CONTENTS_CHUNK] = {" chunk ", sizeof " chunk " - 1},
};

int contents_encode(struct buf *out, const struct contents_record *record)
{
    if (record->kind == CONTENTS_END)
        return buf_append_text(out, end);
    char hex[DIGEST_TEXT_SIZE];
    digest_hex(&record->digest, hex);
    return buf_append(out, hex, PACK_DIGITS) != 0 ||
                   buf_append(out, kinds[record->kind].text, kinds[record->kind].length) != 0 ||
                   buf_append_number(out, record->size, 10, 1) != 0 || buf_append(out, "\n", 1) != 0
               ? -1
               : 0;
}

void contents_set_digest(char *line, const struct digest_value *digest)
{
    char hex[DIGEST_TEXT_SIZE];
    digest_hex(digest, hex);
    memcpy(line, hex, PACK_DIGITS);
}

/* Parses the size up to the newline at `newline`. */
static bool size_parse(const char *text, const char *newline, uint32_t *size)
{
    uint64_t number = 0;
    if (!decimal_take(&text, newline, PACK_CONTENT_MAX, &number) || number == 0 || text != newline)
        return false;
    *size = (uint32_t)number;
    return true;
}

enum pack_error contents_parse(const char *line, size_t length, struct contents_record *record)
{
    if (length == sizeof end - 1 && memcmp(line, end, length) == 0) {
        *record = (struct contents_record){.kind = CONTENTS_END};
        return PACK_OK;
    }
    if (length <= PACK_DIGITS || line[length - 1] != '\n')
        return PACK_BAD_RECORD;
    char hex[PACK_DIGITS + 1] = {0};
    memcpy(hex, line, PACK_DIGITS);
    const char *rest = line + PACK_DIGITS;
    const size_t left = length - PACK_DIGITS;
    record->kind = left > 1 && rest[1] == 'f' ? CONTENTS_FILE : CONTENTS_CHUNK;
    const size_t skip = kinds[record->kind].length;
    if (left <= skip || memcmp(rest, kinds[record->kind].text, skip) != 0 ||
        !size_parse(rest + skip, line + length - 1, &record->size) ||
        digest_parse(hex, &record->digest) != NULL)
        return PACK_BAD_RECORD;
    return PACK_OK;
}
