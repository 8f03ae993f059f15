#include "tar_header.h"

#include <string.h>

bool tar_block_is_zero(const void *block)
{
    const char *bytes = block;
    return bytes[0] == '\0' && memcmp(bytes, bytes + 1, TAR_BLOCK_SIZE - 1) == 0;
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
    if (tar_number_decode(raw->checksum, sizeof raw->checksum, &stored) != TAR_OK)
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

/* The length of the prefix field: all of it in ustar; less in star, which has atime and ctime in
 * its end; 0 in other formats, which use it differently. */
static size_t prefix_length(const struct tar_ustar *raw)
{
    if (memcmp(raw->magic, "ustar", 6) != 0)
        return 0;
    const char *end = (const char *)raw + TAR_BLOCK_SIZE;
    return memcmp(end - 4, "tar", 4) == 0 ? 131 : sizeof raw->prefix;
}

static void name_decode(const struct tar_ustar *raw, char *name)
{
    size_t used = text_copy(name, raw->prefix, prefix_length(raw));
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
    header->major = header->minor = 0;
    if (header->type != '3' && header->type != '4')
        return TAR_OK;
    error = natural_decode(raw->major, sizeof raw->major, &header->major);
    return error != TAR_OK ? error : natural_decode(raw->minor, sizeof raw->minor, &header->minor);
}

enum tar_error tar_header_decode(const void *block, struct tar_header *header)
{
    const struct tar_ustar *raw = block;
    enum tar_error error = checksum_verify(raw);
    if (error != TAR_OK)
        return error;
    header->type = raw->type ? raw->type : '0';
    name_decode(raw, header->name);
    text_copy(header->link, raw->link, sizeof raw->link);
    return numbers_decode(raw, header);
}
