/* Lines of a chunk map: one that is accepted is the one that it is written as. */
#include "fuzz.h"

#include "chunk_map.h"
#include "pack.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chunk_run run;
    struct buf out = {0};
    if (!chunk_map_parse((const char *)data, size, &run))
        return 0;
    EXPECT(run.length > 0 && run.length <= PACK_CONTENT_MAX && run.count > 0);
    EXPECT(chunk_map_append(&out, &run) == 0);
    EXPECT(out.length == size + 1 && memcmp(out.bytes, data, size) == 0 && out.bytes[size] == '\n');
    buf_free(&out);
    return 0;
}
