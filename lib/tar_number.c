#include "tar_number.h"

#include <string.h>

/* All readers agree only on the first bytes 0x80 and 0xff, and on as many bytes as fit 64 bits. */
static enum tar_error base256_decode(const unsigned char *bytes, size_t length, int64_t *number)
{
    uint64_t value = bytes[0] == 0xff ? UINT64_MAX : 0;
    const uint64_t sign = value;
    if (bytes[0] != 0x80 && bytes[0] != 0xff)
        return TAR_BAD_NUMBER;
    for (size_t i = 1; i < length; i++) {
        if (value >> 55 != sign >> 55)
            return TAR_BAD_NUMBER;
        value = value << 8 | bytes[i];
    }
    *number = (int64_t)value;
    return TAR_OK;
}

static size_t span(const char *field, size_t length, size_t from, const char *bytes, size_t count)
{
    while (from < length && memchr(bytes, field[from], count))
        from++;
    return from;
}

enum tar_error tar_number_decode(const char *field, size_t length, int64_t *number)
{
    if (length > 0 && field[0] & 0x80)
        return base256_decode((const unsigned char *)field, length, number);
    const size_t start = span(field, length, 0, " ", 1);
    const size_t end = span(field, length, start, "01234567", 8);
    uint64_t value = 0;
    for (size_t i = start; i < end; i++) {
        if (value >> 60)
            return TAR_BAD_NUMBER;
        value = value << 3 | (uint64_t)(field[i] - '0');
    }
    /* GNU tar reads -1 in a field of spaces. What follows the digits some readers parse, too. */
    if ((start == end && start > 0) || span(field, length, end, " \0", 2) < length)
        return TAR_BAD_NUMBER;
    *number = (int64_t)value;
    return TAR_OK;
}

uint64_t tar_number_max(size_t length)
{
    return (UINT64_C(1) << 3 * (length - 1)) - 1;
}

void tar_number_encode(char *field, size_t length, uint64_t number)
{
    if (number > tar_number_max(length))
        number = tar_number_max(length);
    field[length - 1] = '\0';
    for (size_t i = length - 1; i-- > 0; number >>= 3)
        field[i] = (char)('0' + (number & 7));
}

enum tar_error tar_decimal_add(uint64_t *number, char digit)
{
    if (digit < '0' || digit > '9' || *number > (UINT64_MAX - 9) / 10)
        return TAR_BAD_NUMBER;
    *number = *number * 10 + (uint64_t)(digit - '0');
    return TAR_OK;
}

enum tar_error tar_decimal_decode(const char *text, size_t length, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < length; i++) {
        if (tar_decimal_add(number, text[i]) != TAR_OK)
            return TAR_BAD_NUMBER;
    }
    return length > 0 ? TAR_OK : TAR_BAD_NUMBER;
}
