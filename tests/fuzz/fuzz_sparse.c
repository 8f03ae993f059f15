/* Maps of sparse files in three forms. The first byte selects the form. */
#include "fuzz.h"

/* Decodes a map's text in pieces of `piece` bytes. */
static enum tar_error text_take(struct tar_sparse *map, const char *text, size_t length,
                                size_t piece)
{
    struct tar_sparse_text state = {0};
    enum tar_error error = TAR_OK;
    while (length > 0 && error == TAR_OK && !state.done) {
        size_t part = length < piece ? length : piece;
        error = tar_sparse_add_text(map, &state, text, part);
        text += part;
        length -= part;
    }
    return error;
}

/* The result does not depend on the size of the pieces. */
static void text_try(const char *text, size_t length)
{
    struct tar_sparse whole = {0}, pieces = {0};
    enum tar_error error = text_take(&whole, text, length, 512);
    EXPECT(text_take(&pieces, text, length, 7) == error);
    EXPECT(whole.count == pieces.count && whole.stored == pieces.stored);
    fuzz_map_check(&whole);
    fuzz_map_check(&pieces);
    tar_sparse_free(&whole);
    tar_sparse_free(&pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tar_sparse map = {0};
    if (size == 0)
        return 0;
    const char *text = (const char *)data + 1;
    size--;
    switch (data[0] % 3) {
    case 0:
        (void)tar_sparse_add_list(&map, text, size);
        break;
    case 1:
        (void)tar_sparse_add_gnu(&map, text, size / 24);
        break;
    default:
        text_try(text, size);
    }
    fuzz_map_check(&map);
    tar_sparse_free(&map);
    return 0;
}
