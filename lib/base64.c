#include "base64.h"

#include <stdint.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int base64_encode(struct buf *out, const void *bytes, size_t length)
{
    const unsigned char *in = bytes;
    for (; length > 0;) {
        size_t have = length < 3 ? length : 3;
        uint32_t group = (uint32_t)in[0] << 16;
        if (length > 1)
            group |= (uint32_t)in[1] << 8;
        if (length > 2)
            group |= in[2];
        char text[4] = {digits[group >> 18], digits[group >> 12 & 63], digits[group >> 6 & 63],
                        digits[group & 63]};
        memset(text + have + 1, '=', 3 - have);
        if (buf_append(out, text, 4) != 0)
            return -1;
        in += have;
        length -= have;
    }
    return 0;
}

int base64_decode(struct buf *out, const char *text, size_t length)
{
    for (int padding = 0; padding < 2 && length > 0 && text[length - 1] == '='; padding++)
        length--;
    if (length % 4 == 1)
        return -1;
    uint32_t bits = 0;
    int have = 0;
    for (size_t i = 0; i < length; i++) {
        const char *digit = text[i] ? strchr(digits, text[i]) : NULL;
        if (!digit)
            return -1;
        bits = bits << 6 | (uint32_t)(digit - digits);
        have += 6;
        if (have < 8)
            continue;
        have -= 8;
        char byte = (char)(bits >> have & 0xff);
        if (buf_append(out, &byte, 1) != 0)
            return -2;
    }
    return 0;
}
