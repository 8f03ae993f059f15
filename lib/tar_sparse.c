#include "tar_sparse.h"

#include "array.h"
#include "tar_number.h"

#include <stdlib.h>
#include <string.h>

enum tar_error tar_sparse_add(struct tar_sparse *map, uint64_t offset, uint64_t length)
{
    if (offset > INT64_MAX || length > INT64_MAX - offset)
        return TAR_BAD_SPARSE;
    if (map->count > 0) {
        const struct tar_extent *last = &map->extents[map->count - 1];
        if (offset < last->offset + last->length)
            return TAR_BAD_SPARSE;
    }
    if (array_reserve(&map->extents, &map->capacity, map->count + 1, sizeof *map->extents) != 0)
        return TAR_NO_MEMORY;
    map->extents[map->count++] = (struct tar_extent){.offset = offset, .length = length};
    map->stored += length; /* no overflow: extents are disjoint and below 2^63 */
    return TAR_OK;
}

enum tar_error tar_sparse_add_gnu(struct tar_sparse *map, const char *fields, size_t pairs)
{
    for (size_t i = 0; i < pairs; i++) {
        const char *pair = fields + 24 * i;
        int64_t offset = 0, length = 0;
        /* For some readers a pair with one empty number ends the map, for others not. */
        if (pair[0] == '\0' || pair[12] == '\0')
            return pair[0] == pair[12] ? TAR_OK : TAR_BAD_SPARSE;
        if (tar_number_decode(pair, 12, &offset) != TAR_OK ||
            tar_number_decode(pair + 12, 12, &length) != TAR_OK || offset < 0 || length < 0)
            return TAR_BAD_SPARSE;
        enum tar_error error = tar_sparse_add(map, (uint64_t)offset, (uint64_t)length);
        if (error != TAR_OK)
            return error;
    }
    return TAR_OK;
}

/* Parses the number before the next comma or the end, and skips it. */
static enum tar_error list_next(const char **text, const char *end, uint64_t *number)
{
    const char *comma = memchr(*text, ',', (size_t)(end - *text));
    const char *stop = comma ? comma : end;
    if (comma && comma + 1 == end)
        return TAR_BAD_SPARSE;
    enum tar_error error = tar_decimal_decode(*text, (size_t)(stop - *text), number);
    *text = comma ? comma + 1 : end;
    return error;
}

enum tar_error tar_sparse_add_list(struct tar_sparse *map, const char *text, size_t length)
{
    const char *end = text + length;
    while (text < end) {
        uint64_t offset = 0, extent = 0;
        if (list_next(&text, end, &offset) != TAR_OK || list_next(&text, end, &extent) != TAR_OK)
            return TAR_BAD_SPARSE;
        enum tar_error error = tar_sparse_add(map, offset, extent);
        if (error != TAR_OK)
            return error;
    }
    return TAR_OK;
}

enum tar_error tar_sparse_check(const struct tar_sparse *map, uint64_t size, uint64_t stored)
{
    if (map->stored != stored)
        return TAR_BAD_SPARSE;
    if (map->count == 0)
        return TAR_OK;
    const struct tar_extent *last = &map->extents[map->count - 1];
    return last->offset + last->length <= size ? TAR_OK : TAR_BAD_SPARSE;
}

static enum tar_error number_take(struct tar_sparse *map, struct tar_sparse_text *state)
{
    uint64_t number = state->number;
    state->number = 0;
    state->digits = 0;
    if (!state->counted) {
        if (number > UINT64_MAX / 2)
            return TAR_BAD_SPARSE;
        state->counted = true;
        state->left = 2 * number;
    } else {
        state->left--;
        if (state->left % 2 == 1) {
            state->offset = number;
        } else {
            enum tar_error error = tar_sparse_add(map, state->offset, number);
            if (error != TAR_OK)
                return error;
        }
    }
    state->done = state->left == 0;
    return TAR_OK;
}

enum tar_error tar_sparse_add_text(struct tar_sparse *map, struct tar_sparse_text *state,
                                   const char *block, size_t length)
{
    for (size_t i = 0; i < length && !state->done; i++) {
        if (block[i] != '\n') {
            /* Some readers refuse lines that are longer than the largest number. */
            if (tar_decimal_add(&state->number, block[i]) != TAR_OK || ++state->digits > 20)
                return TAR_BAD_SPARSE;
            continue;
        }
        if (state->digits == 0)
            return TAR_BAD_SPARSE;
        enum tar_error error = number_take(map, state);
        if (error != TAR_OK)
            return error;
    }
    return TAR_OK;
}

void tar_sparse_clear(struct tar_sparse *map)
{
    map->count = 0;
    map->stored = 0;
}

void tar_sparse_free(struct tar_sparse *map)
{
    free(map->extents);
    *map = (struct tar_sparse){0};
}
