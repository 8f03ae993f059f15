#include "archive/sparse.h"

#include <stdbool.h>
#include <stddef.h>

/* Adds the pairs of a block. A block with unused pairs must not claim that another one follows:
 * readers disagree whether to expect it. One without pairs some do not find. */
static enum tar_error gnu_pairs_add(struct tar_sparse *map, const char *pairs, size_t count,
                                    bool more)
{
    size_t before = map->count;
    enum tar_error error = tar_sparse_add_gnu(map, pairs, count);
    size_t added = map->count - before;
    return error == TAR_OK && (added == 0 || (more && added < count)) ? TAR_BAD_SPARSE : error;
}

enum archive_event sparse_take_gnu(struct tar_sparse *map, const char *block, const char *name,
                                   uint64_t stored, uint64_t *size,
                                   const struct archive_input *input)
{
    int64_t claimed = 0;
    bool more = block[TAR_GNU_SPARSE_EXTENDED_OFFSET] != '\0';
    tar_sparse_clear(map);
    enum tar_error error = tar_number_decode(block + TAR_GNU_SPARSE_REAL_SIZE_OFFSET, 12, &claimed);
    if (error == TAR_OK && claimed < 0)
        error = TAR_BAD_SPARSE;
    *size = (uint64_t)claimed;
    if (error == TAR_OK)
        error = gnu_pairs_add(map, block + TAR_GNU_SPARSE_OFFSET, TAR_GNU_SPARSE_COUNT, more);
    while (error == TAR_OK && more) {
        enum archive_event event = input_header_block(input, &block);
        if (event != ARCHIVE_OK)
            return event;
        more = block[TAR_GNU_SPARSE_MORE_EXTENDED_OFFSET] != '\0';
        error = gnu_pairs_add(map, block, TAR_GNU_SPARSE_MORE_COUNT, more);
    }
    if (error == TAR_OK)
        error = tar_sparse_check(map, *size, stored);
    return input_event(input, name, error);
}

enum archive_event sparse_take_text(struct tar_sparse *map, const char *name, uint64_t *stored,
                                    uint64_t size, const struct archive_input *input)
{
    struct tar_sparse_text state = {0};
    enum tar_error error = TAR_OK;
    tar_sparse_clear(map);
    while (error == TAR_OK && !state.done) {
        const char *block = NULL;
        if (*stored < TAR_BLOCK_SIZE)
            return input_event(input, name, TAR_BAD_SPARSE);
        enum archive_event event = input_header_block(input, &block);
        if (event != ARCHIVE_OK)
            return event;
        *stored -= TAR_BLOCK_SIZE;
        error = tar_sparse_add_text(map, &state, block, TAR_BLOCK_SIZE);
    }
    if (error == TAR_OK)
        error = tar_sparse_check(map, size, *stored);
    return input_event(input, name, error);
}
