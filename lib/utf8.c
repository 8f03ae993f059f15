#include "utf8.h"

#include <stdint.h>

size_t utf8_sequence(const char *text)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *byte = (const unsigned char *)text;
    if (byte[0] < 0x80)
        return byte[0] != '\0';
    size_t length = byte[0] >= 0xf0 ? 4 : byte[0] >= 0xe0 ? 3 : 2;
    if (byte[0] < 0xc2 || byte[0] > 0xf4)
        return 0;
    uint32_t point = byte[0] & (0x7fU >> length);
    for (size_t i = 1; i < length; i++) {
        if ((byte[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (byte[i] & 0x3f);
    }
    bool surrogate = point >= 0xd800 && point <= 0xdfff;
    return point < least[length] || point > 0x10ffff || surrogate ? 0 : length;
}

bool utf8_valid(const char *text)
{
    while (*text) {
        /* Most paths are ASCII, and some are a megabyte long. */
        size_t length = (unsigned char)*text < 0x80 ? 1 : utf8_sequence(text);
        if (length == 0)
            return false;
        text += length;
    }
    return true;
}
