#include "fuzz.h"

#include "tar_header.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void fuzz_fail(const char *condition, const char *file, int line)
{
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
    abort();
}

void fuzz_checksum(unsigned char *block)
{
    const size_t offset = offsetof(struct tar_ustar, checksum);
    unsigned sum = 0;
    memset(block + offset, ' ', sizeof(((struct tar_ustar *)0)->checksum));
    for (size_t i = 0; i < TAR_BLOCK_SIZE; i++)
        sum += block[i];
    snprintf((char *)block + offset, 7, "%06o", sum);
}

void fuzz_map_check(const struct tar_sparse *map)
{
    uint64_t end = 0, stored = 0;
    for (size_t i = 0; i < map->count; i++) {
        EXPECT(map->extents[i].offset >= end);
        EXPECT(map->extents[i].length <= INT64_MAX - map->extents[i].offset);
        end = map->extents[i].offset + map->extents[i].length;
        stored += map->extents[i].length;
    }
    EXPECT(stored == map->stored);
    EXPECT(tar_sparse_check(map, end, stored) == TAR_OK);
    EXPECT(end == 0 || tar_sparse_check(map, end - 1, stored) == TAR_BAD_SPARSE);
}
