#include "archive/compression.h"

#include <string.h>

const char *compression_of(const char *bytes, size_t length)
{
    static const struct {
        const char *magic;
        size_t length;
        const char *text;
    } known[] = {
        {"\x28\xb5\x2f\xfd", 4, "zstd data: pipe it through 'zstd -dc' first"},
        {"\x1f\x8b", 2, "gzip data: pipe it through 'gzip -dc' first"},
        {"\xfd"
         "7zXZ",
         5, "xz data: pipe it through 'xz -dc' first"},
        {"BZh", 3, "bzip2 data: pipe it through 'bzip2 -dc' first"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (length >= known[i].length && memcmp(bytes, known[i].magic, known[i].length) == 0)
            return known[i].text;
    }
    return NULL;
}
