/* Records of a contents stream: a line that is accepted is the one that it is encoded to. */
#include "fuzz.h"

#include "contents.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct contents_record record;
    struct buf out = {0};
    if (contents_parse((const char *)data, size, &record) != PACK_OK)
        return 0;
    EXPECT(size <= CONTENTS_LINE_MAX);
    EXPECT(record.kind == CONTENTS_END || (record.size > 0 && record.size <= PACK_CONTENT_MAX));
    EXPECT(contents_encode(&out, &record) == 0);
    EXPECT(out.length == size && memcmp(out.bytes, data, size) == 0);
    buf_free(&out);
    return 0;
}
