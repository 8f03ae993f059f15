#include "decimal.h"

bool decimal_take(const char **text, const char *end, uint64_t max, uint64_t *number)
{
    const char *first = *text, *at = first;
    uint64_t value = 0;
    for (; at < end && *at >= '0' && *at <= '9'; at++) {
        const unsigned digit = (unsigned)(*at - '0');
        if (digit > max || value > (max - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *text = at;
    *number = value;
    return at > first && (*first != '0' || at == first + 1);
}
