#include "pack.h"

#include <string.h>

const char *pack_error_text(enum pack_error error)
{
    switch (error) {
    case PACK_OK:
        return "no error";
    case PACK_NO_MEMORY:
        return "out of memory";
    case PACK_BAD_COMPRESSOR:
        return "libzstd cannot compress it";
    case PACK_BAD_FRAME:
        return "a zstd frame is corrupt";
    case PACK_BAD_CHECKSUM:
        return "the checksum of a zstd frame is wrong";
    case PACK_BAD_SIZE:
        return "a zstd frame has another size than expected";
    case PACK_BAD_SEEK_TABLE:
        return "the seek table is malformed";
    case PACK_BAD_INDEX:
        return "the index is malformed";
    case PACK_BAD_RECORD:
        return "a record is malformed";
    }
    return "unknown error";
}

bool pack_name_is(const char *name, const char *suffix)
{
    return strspn(name, "0123456789abcdef") == PACK_DIGITS &&
           strcmp(name + PACK_DIGITS, suffix) == 0;
}
