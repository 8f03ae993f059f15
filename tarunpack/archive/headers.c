#include "archive/headers.h"

#include <string.h>

bool headers_is_extension(char type)
{
    return type != '\0' && strchr("xXgLK", type) != NULL;
}

bool headers_is_pending(const struct headers *headers)
{
    return headers->has_local || headers->has_long_path || headers->has_long_link;
}

enum archive_event headers_misplaced(const struct archive_input *input)
{
    return problem_malformed(input->problem, "an extended header has no entry after it");
}

/* Appends the `size` bytes of a header's content to `text`. The buffer grows with the data
 * received, not to the size claimed. */
static enum archive_event text_take(const struct archive_input *input, uint64_t size,
                                    struct buf *text)
{
    enum archive_event event = bounds_header(input->bounds, size, input->problem);
    while (event == ARCHIVE_OK && size > 0) {
        const char *block = NULL;
        event = input_block(input, &block);
        if (event != ARCHIVE_OK)
            return event;
        if (!block)
            return input_cut(input);
        size_t used = size < TAR_BLOCK_SIZE ? (size_t)size : TAR_BLOCK_SIZE;
        if (buf_append(text, block, used) != 0)
            return input_event(input, NULL, TAR_NO_MEMORY);
        size -= used;
    }
    return event;
}

static enum archive_event pax_take(const struct archive_input *input, uint64_t size,
                                   struct tar_pax *pax)
{
    struct buf text = {0};
    enum archive_event event = text_take(input, size, &text);
    if (event == ARCHIVE_OK)
        event = input_event(input, NULL, tar_pax_decode(pax, text.bytes, text.length));
    buf_free(&text);
    return event;
}

/* Global headers apply to all following entries, so they share one limit for the whole archive. */
static enum archive_event global_take(struct headers *headers, const struct archive_input *input,
                                      uint64_t size)
{
    if (headers_is_pending(headers))
        return headers_misplaced(input);
    enum archive_event event = bounds_global(input->bounds, size, input->problem);
    if (event == ARCHIVE_OK)
        event = pax_take(input, size, &headers->global);
    /* Attributes and sparse maps belong to one inode, and copying them for each entry would be
     * slow. */
    const unsigned maps = TAR_PAX_SPARSE_MAP | TAR_PAX_SPARSE_DATA;
    const struct tar_pax *global = &headers->global;
    bool acls = global->named_access || global->named_default || global->nfs4;
    if (event == ARCHIVE_OK && (global->xattrs.count > 0 || acls || global->given & maps))
        return input_event(input, NULL, TAR_BAD_GLOBAL);
    return event;
}

static enum archive_event local_take(struct headers *headers, const struct archive_input *input,
                                     uint64_t size)
{
    if (headers->has_local)
        return headers_misplaced(input);
    headers->has_local = true;
    return pax_take(input, size, &headers->local);
}

/* GNU's long names end at a NUL or at the end of the header's content. */
static enum archive_event long_name_take(const struct archive_input *input, uint64_t size,
                                         struct buf *name, bool *has)
{
    if (*has)
        return headers_misplaced(input);
    name->length = 0;
    *has = true;
    enum archive_event event = text_take(input, size, name);
    if (event == ARCHIVE_OK && buf_append(name, "", 1) != 0)
        event = input_event(input, NULL, TAR_NO_MEMORY);
    return event;
}

enum archive_event headers_take(struct headers *headers, const struct tar_header *header,
                                const struct archive_input *input)
{
    switch (header->type) {
    case 'g':
        return global_take(headers, input, header->size);
    case 'L':
        return long_name_take(input, header->size, &headers->long_path, &headers->has_long_path);
    case 'K':
        return long_name_take(input, header->size, &headers->long_link, &headers->has_long_link);
    default: /* 'x', and 'X' of older Solaris */
        return local_take(headers, input, header->size);
    }
}

void headers_clear(struct headers *headers)
{
    headers->has_local = headers->has_long_path = headers->has_long_link = false;
    tar_pax_clear(&headers->local);
}

void headers_free(struct headers *headers)
{
    tar_pax_free(&headers->local);
    tar_pax_free(&headers->global);
    buf_free(&headers->long_path);
    buf_free(&headers->long_link);
}
