/*
 * Decimal numbers: which spellings are taken, and how far.
 */
#include "decimal.h"

#include "tap.h"

#include <inttypes.h>
#include <string.h>

static const struct {
    const char *text;
    uint64_t max;
    bool valid;
    uint64_t number;
    size_t taken;
} table[] = {
    {"0", 9, true, 0, 1},
    {"7", 9, true, 7, 1},
    {"12 3", 99, true, 12, 2},
    {"10x", 10, true, 10, 2},
    {"0x", 9, true, 0, 1},
    {"18446744073709551615", UINT64_MAX, true, UINT64_MAX, 20},
    {"9223372036854775807", INT64_MAX, true, INT64_MAX, 19},
    {"", 9, false, 0, 0},
    {" 1", 9, false, 0, 0},
    {"-1", 9, false, 0, 0},
    {"+1", 9, false, 0, 0},
    {"00", 9, false, 0, 0},
    {"01", 9, false, 0, 0},
    {"11", 10, false, 0, 0},
    {"9", 5, false, 0, 0},
    {"18446744073709551616", UINT64_MAX, false, 0, 0},
    {"99999999999999999999", UINT64_MAX, false, 0, 0},
    {"9223372036854775808", INT64_MAX, false, 0, 0},
};

int main(void)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const char *text = table[i].text;
        uint64_t number = 0;
        const bool valid = decimal_take(&text, text + strlen(text), table[i].max, &number);
        CHECK(valid == table[i].valid, "'%s' up to %" PRIu64 " is%s a number", table[i].text,
              table[i].max, table[i].valid ? "" : " not");
        if (valid)
            CHECK(number == table[i].number && text == table[i].text + table[i].taken,
                  "'%s': its value, and what follows it", table[i].text);
    }
    const char *text = "123";
    uint64_t number = 0;
    CHECK(decimal_take(&text, text + 2, 99, &number) && number == 12,
          "nothing after the end is read");
    return tap_done();
}
