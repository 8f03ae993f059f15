#include "archive/headers.h"

#include <string.h>

bool headers_is_extension(char type)
{
    return type != '\0' && strchr("xXgLK", type) != NULL;
}

bool headers_is_pending(const struct headers *headers)
{
    return headers->has_pax || headers->has_long_path || headers->has_long_link;
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
        /* Some readers read on in the padding. */
        if (!tar_is_zero(block + used, TAR_BLOCK_SIZE - used))
            return input_event(input, NULL, TAR_BAD_PADDING);
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

/* Some readers ignore all values of a global header. GNU tar can write a time, and a time that is
 * ignored does no harm. */
static enum archive_event global_take(struct headers *headers, const struct archive_input *input,
                                      uint64_t size)
{
    struct tar_pax pax = {0};
    if (headers_is_pending(headers))
        return headers_misplaced(input);
    headers->has_global = true;
    enum archive_event event = bounds_global(input->bounds, size, input->problem);
    if (event == ARCHIVE_OK)
        event = pax_take(input, size, &pax);
    const bool acls = pax.named_access || pax.named_default || pax.nfs4;
    if (event == ARCHIVE_OK &&
        (pax.given & ~(unsigned)TAR_PAX_MTIME || pax.xattrs.count > 0 || acls))
        event = input_event(input, NULL, TAR_BAD_GLOBAL);
    if (pax.given & TAR_PAX_MTIME) {
        headers->has_time = true;
        headers->time = pax.mtime;
    }
    tar_pax_free(&pax);
    return event;
}

static enum archive_event local_take(struct headers *headers, const struct archive_input *input,
                                     uint64_t size)
{
    if (headers->has_pax)
        return headers_misplaced(input);
    headers->has_pax = true;
    return pax_take(input, size, &headers->pax);
}

/* GNU's long names end with NULs or with the header's content. For some readers, a NUL in the midst
 * is a part of the name. */
static enum archive_event long_name_take(const struct headers *headers,
                                         const struct archive_input *input, uint64_t size,
                                         struct buf *name, bool *has)
{
    if (*has)
        return headers_misplaced(input);
    /* Some readers take it for the size of the next header, whatever that is. */
    if (headers->pax.given & TAR_PAX_SIZE)
        return input_event(input, NULL, TAR_TWO_SIZES);
    name->length = 0;
    *has = true;
    enum archive_event event = text_take(input, size, name);
    if (event == ARCHIVE_OK && buf_append(name, "", 1) != 0)
        event = input_event(input, NULL, TAR_NO_MEMORY);
    size_t used = event == ARCHIVE_OK ? strlen(name->bytes) : 0;
    if (event == ARCHIVE_OK && !tar_is_zero(name->bytes + used, name->length - used))
        event = input_event(input, NULL, TAR_BAD_PATH);
    return event;
}

enum archive_event headers_take(struct headers *headers, const struct tar_header *header,
                                const struct archive_input *input)
{
    switch (header->type) {
    case 'g':
        return global_take(headers, input, header->size);
    case 'L':
        return long_name_take(headers, input, header->size, &headers->long_path,
                              &headers->has_long_path);
    case 'K':
        return long_name_take(headers, input, header->size, &headers->long_link,
                              &headers->has_long_link);
    default: /* 'x', and 'X' of older Solaris */
        return local_take(headers, input, header->size);
    }
}

void headers_clear(struct headers *headers)
{
    headers->has_pax = headers->has_long_path = headers->has_long_link = false;
    tar_pax_clear(&headers->pax);
}

void headers_free(struct headers *headers)
{
    tar_pax_free(&headers->pax);
    buf_free(&headers->long_path);
    buf_free(&headers->long_link);
}
