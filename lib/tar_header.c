#include "tar_header.h"

#include <string.h>

bool tar_is_zero(const void *bytes, size_t length)
{
    const char *at = bytes;
    return length == 0 || (at[0] == '\0' && memcmp(at, at + 1, length - 1) == 0);
}

bool tar_block_is_zero(const void *block)
{
    return tar_is_zero(block, TAR_BLOCK_SIZE);
}

/* The sum of all bytes, with spaces in the checksum field: of unsigned bytes, and of signed ones,
 * where each byte above 127 counts 256 less. For speed eight bytes are added at a time, in lanes of
 * 16 bits that the sums of 64 words fit into. */
static void checksum(const void *block, int64_t *as_unsigned, int64_t *as_signed)
{
    const uint64_t even = UINT64_C(0x00ff00ff00ff00ff), high_bits = UINT64_C(0x8080808080808080);
    uint64_t lanes = 0;
    int high = 0;
    for (size_t at = 0; at < TAR_BLOCK_SIZE; at += sizeof(uint64_t)) {
        uint64_t word = 0;
        memcpy(&word, (const char *)block + at, sizeof word);
        lanes += (word & even) + (word >> 8 & even);
        high += __builtin_popcountll(word & high_bits);
    }
    int64_t sum = 0;
    for (int lane = 0; lane < 64; lane += 16)
        sum += (int64_t)(lanes >> lane & 0xffff);
    const unsigned char *field =
        (const unsigned char *)block + offsetof(struct tar_ustar, checksum);
    for (size_t i = 0; i < sizeof(((struct tar_ustar *)0)->checksum); i++) {
        sum += ' ' - field[i];
        high -= field[i] >> 7;
    }
    *as_unsigned = sum;
    *as_signed = sum - 256 * (int64_t)high;
}

void tar_header_seal(struct tar_ustar *header)
{
    int64_t sum = 0, unused = 0;
    memcpy(header->magic, "ustar", 6);
    memcpy(header->version, "00", 2);
    checksum(header, &sum, &unused);
    tar_number_encode(header->checksum, 7, (uint64_t)sum);
    header->checksum[7] = ' ';
}

static enum tar_error checksum_verify(const struct tar_ustar *raw)
{
    int64_t stored = 0, as_unsigned = 0, as_signed = 0;
    checksum(raw, &as_unsigned, &as_signed);
    if (raw->checksum[0] & 0x80 ||
        tar_number_decode(raw->checksum, sizeof raw->checksum, &stored) != TAR_OK)
        return TAR_BAD_CHECKSUM;
    return stored == as_unsigned || stored == as_signed ? TAR_OK : TAR_BAD_CHECKSUM;
}

static size_t text_copy(char *to, const char *field, size_t length)
{
    size_t used = strnlen(field, length);
    memcpy(to, field, used);
    to[used] = '\0';
    return used;
}

static enum tar_dialect dialect_of(const struct tar_ustar *raw)
{
    if (memcmp(raw->magic, "ustar", 6) == 0)
        return TAR_USTAR;
    bool gnu = memcmp(raw->magic, "ustar ", 6) == 0 && memcmp(raw->version, " ", 2) == 0;
    return gnu ? TAR_GNU : TAR_V7;
}

/* Some readers take the prefix for one whatever the magic is. In GNU headers it is the place of
 * times, which only incremental archives have, and of a sparse map; some take headers for those by
 * a part of the magic. star has times at its end, and readers that do not know star take what
 * reaches them for a part of the path. */
static enum tar_error prefix_check(const struct tar_ustar *raw, enum tar_dialect dialect)
{
    const char *block = (const char *)raw;
    const size_t end = raw->type == 'S' ? TAR_GNU_SPARSE_OFFSET : TAR_GNU_END;
    const bool empty = tar_is_zero(block + TAR_GNU_ATIME_OFFSET, end - TAR_GNU_ATIME_OFFSET);
    int64_t atime = 0;
    bool good = empty;
    if (dialect == TAR_GNU && !empty && tar_number_decode(raw->prefix, 12, &atime) == TAR_OK)
        return TAR_INCREMENTAL;
    if (dialect == TAR_V7 && raw->magic[0] == '\0')
        good = raw->prefix[0] == '\0';
    else if (dialect == TAR_USTAR && memcmp(block + TAR_BLOCK_SIZE - 4, "tar", 4) == 0)
        good = strnlen(raw->prefix, 131) < 131;
    else if (dialect == TAR_USTAR)
        good = raw->prefix[0] == '\0' || memcmp(raw->version, "00", 2) == 0;
    return good ? TAR_OK : TAR_BAD_PREFIX;
}

static void name_decode(const struct tar_ustar *raw, enum tar_dialect dialect, char *name)
{
    size_t used = dialect == TAR_USTAR ? text_copy(name, raw->prefix, sizeof raw->prefix) : 0;
    if (used > 0)
        name[used++] = '/';
    text_copy(name + used, raw->name, sizeof raw->name);
}

static enum tar_error natural_decode(const char *field, size_t length, uint64_t *number)
{
    int64_t value = 0;
    enum tar_error error = tar_number_decode(field, length, &value);
    if (error == TAR_OK && value < 0)
        error = TAR_BAD_NUMBER;
    *number = (uint64_t)value;
    return error;
}

static enum tar_error numbers_decode(const struct tar_ustar *raw, struct tar_header *header)
{
    uint64_t mode = 0;
    enum tar_error error = TAR_OK;
    if ((error = natural_decode(raw->mode, sizeof raw->mode, &mode)) != TAR_OK ||
        (error = natural_decode(raw->uid, sizeof raw->uid, &header->uid)) != TAR_OK ||
        (error = natural_decode(raw->gid, sizeof raw->gid, &header->gid)) != TAR_OK ||
        (error = natural_decode(raw->size, sizeof raw->size, &header->size)) != TAR_OK ||
        (error = tar_number_decode(raw->mtime, sizeof raw->mtime, &header->mtime)) != TAR_OK)
        return error;
    header->mode = mode & 07777; /* old writers add the file type */
    return mode <= tar_number_max(sizeof raw->mode) ? TAR_OK : TAR_BAD_NUMBER;
}

static bool is_blank(const char field[8])
{
    return memcmp(field, "       ", 7) == 0 && (field[7] == ' ' || field[7] == '\0');
}

static enum tar_error devices_decode(const struct tar_ustar *raw, struct tar_header *header)
{
    bool device = header->type == '3' || header->type == '4';
    header->major = header->minor = 0;
    /* Other types need no numbers; but some readers refuse what is none and not blank. */
    if (!device && is_blank(raw->major) && is_blank(raw->minor))
        return TAR_OK;
    enum tar_error error = natural_decode(raw->major, sizeof raw->major, &header->major);
    if (error == TAR_OK)
        error = natural_decode(raw->minor, sizeof raw->minor, &header->minor);
    /* Some readers take these fields for empty where the magic is missing. */
    if (device && error == TAR_OK && header->dialect == TAR_V7 && (header->major || header->minor))
        error = TAR_BAD_NUMBER;
    return error;
}

enum tar_error tar_header_decode(const void *block, struct tar_header *header)
{
    const struct tar_ustar *raw = block;
    enum tar_error error = checksum_verify(raw);
    if (error != TAR_OK)
        return error;
    header->type = raw->type;
    header->dialect = dialect_of(raw);
    error = prefix_check(raw, header->dialect);
    if (error != TAR_OK)
        return error;
    name_decode(raw, header->dialect, header->name);
    text_copy(header->link, raw->link, sizeof raw->link);
    error = numbers_decode(raw, header);
    return error != TAR_OK ? error : devices_decode(raw, header);
}
