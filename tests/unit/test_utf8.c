/*
 * UTF-8: valid sequences and the limits of every range.
 */
#include "tap.h"
#include "utf8.h"

static const struct {
    const char *what;
    const char *text;
    size_t length; /* of the sequence that the text starts with */
} sequences[] = {
    {"the end of the string", "", 0},
    {"U+0001", "\1", 1},
    {"a letter", "ab", 1},
    {"U+007F", "\177", 1},
    {"a continuation byte alone", "\200", 0},
    {"the last continuation byte alone", "\277", 0},
    {"C0, an overlong NUL", "\300\200", 0},
    {"C1, an overlong U+007F", "\301\277", 0},
    {"U+0080", "\302\200", 2},
    {"U+07FF", "\337\277x", 2},
    {"two bytes, cut", "\303", 0},
    {"two bytes, the second a letter", "\303a", 0},
    {"two bytes, the second starts another", "\303\303", 0},
    {"E0, an overlong U+07FF", "\340\237\277", 0},
    {"U+0800", "\340\240\200", 3},
    {"U+D7FF", "\355\237\277", 3},
    {"U+D800, the first surrogate", "\355\240\200", 0},
    {"U+DFFF, the last surrogate", "\355\277\277", 0},
    {"U+E000", "\356\200\200", 3},
    {"U+FFFF", "\357\277\277", 3},
    {"three bytes, cut behind one", "\342", 0},
    {"three bytes, cut behind two", "\342\202", 0},
    {"F0, an overlong U+FFFF", "\360\217\277\277", 0},
    {"U+10000", "\360\220\200\200", 4},
    {"U+10FFFF", "\364\217\277\277", 4},
    {"U+110000", "\364\220\200\200", 0},
    {"F5", "\365\200\200\200", 0},
    {"F8, of five bytes", "\370\210\200\200\200", 0},
    {"FE", "\376", 0},
    {"FF", "\377", 0},
    {"four bytes, cut behind three", "\360\237\230", 0},
    {"four bytes, the last a letter", "\360\237\230a", 0},
};

int main(void)
{
    for (size_t i = 0; i < sizeof sequences / sizeof sequences[0]; i++)
        CHECK(utf8_sequence(sequences[i].text) == sequences[i].length, "%s %s", sequences[i].what,
              sequences[i].length > 0 ? "is a sequence" : "is none");
    CHECK(utf8_valid(""), "an empty string is UTF-8");
    CHECK(utf8_valid("a/\303\251/\342\202\254/\360\237\230\200"),
          "sequences of one to four bytes are UTF-8");
    CHECK(!utf8_valid("caf\351"), "a Latin-1 letter at the end is not UTF-8");
    CHECK(!utf8_valid("\351t\351"), "a Latin-1 letter at the start is not UTF-8");
    CHECK(!utf8_valid("a\355\240\275\355\270\200"), "a pair of surrogates is not UTF-8");
    return tap_done();
}
