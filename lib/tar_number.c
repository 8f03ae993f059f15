#include "tar_number.h"

#include <stdbool.h>

static bool field_is_blank(const char *field, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (field[i] != ' ' && field[i] != '\0')
            return false;
    }
    return true;
}

enum tar_error tar_number_decode(const char *field, size_t length, int64_t *number)
{
    const unsigned char *bytes = (const unsigned char *)field;
    if (length > 0 && bytes[0] & 0x80) {
        /* The second bit is the sign; it is extended to the left. */
        uint64_t value = bytes[0] & 0x40 ? UINT64_MAX : 0;
        const uint64_t sign = value;
        value = value << 6 | (bytes[0] & 0x3f);
        for (size_t i = 1; i < length; i++) {
            if (value >> 55 != sign >> 55)
                return TAR_BAD_NUMBER;
            value = value << 8 | bytes[i];
        }
        *number = (int64_t)value;
        return TAR_OK;
    }
    size_t i = 0;
    while (i < length && bytes[i] == ' ')
        i++;
    const bool digits = i < length && bytes[i] >= '0' && bytes[i] <= '7';
    uint64_t value = 0;
    for (; i < length && bytes[i] >= '0' && bytes[i] <= '7'; i++) {
        if (value >> 60)
            return TAR_BAD_NUMBER;
        value = value << 3 | (bytes[i] - (unsigned)'0');
    }
    if (i < length && bytes[i] != ' ' && bytes[i] != '\0')
        return TAR_BAD_NUMBER;
    /* Some readers see digits after a NUL, others see 0. */
    if (!digits && !field_is_blank(field + i, length - i))
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
