#include "escape.h"

#include "utf8.h"

#include <stdbool.h>
#include <string.h>

/* Whether a terminal would act on the character instead of showing it: C0 and C1 controls, line
 * separators (U+2028, U+2029) and bidirectional controls: marks (U+061C, U+200E, U+200F),
 * embeddings, overrides and isolates (U+202A to U+202E, U+2066 to U+2069). */
static bool is_control(const unsigned char *bytes, size_t length)
{
    switch (length) {
    case 1:
        return bytes[0] < 0x20 || bytes[0] == 0x7f;
    case 2:
        return (bytes[0] == 0xc2 && bytes[1] < 0xa0) || (bytes[0] == 0xd8 && bytes[1] == 0x9c);
    case 3:
        return bytes[0] == 0xe2 && ((bytes[1] == 0x80 && (bytes[2] == 0x8e || bytes[2] == 0x8f)) ||
                                    (bytes[1] == 0x80 && bytes[2] >= 0xa8 && bytes[2] <= 0xae) ||
                                    (bytes[1] == 0x81 && bytes[2] >= 0xa6 && bytes[2] <= 0xa9));
    default:
        return false;
    }
}

struct escape_unit escape_next(const char *name)
{
    const unsigned char *bytes = (const unsigned char *)name;
    struct escape_unit unit = {0};
    size_t length = utf8_sequence(name);
    unit.source = length > 0 ? length : 1;
    if (*name == '\\') {
        memcpy(unit.text, "\\\\", 2);
        unit.length = 2;
    } else if (length > 0 && !is_control(bytes, length)) {
        memcpy(unit.text, name, length);
        unit.length = length;
    } else {
        for (size_t i = 0; i < unit.source; i++) {
            unit.text[unit.length++] = '\\';
            unit.text[unit.length++] = (char)('0' + (bytes[i] >> 6));
            unit.text[unit.length++] = (char)('0' + (bytes[i] >> 3 & 7));
            unit.text[unit.length++] = (char)('0' + (bytes[i] & 7));
        }
    }
    return unit;
}
