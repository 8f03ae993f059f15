#include "archive/input.h"

#include <inttypes.h>
#include <string.h>

/* If a stream that begins with these bytes is compressed, what to say about it; else NULL. A small
 * compressed layer is shorter than one tar block. */
static const char *compression_of(const char *bytes, size_t length)
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

enum archive_event input_cut(const struct archive_input *input)
{
    return problem_malformed(input->problem, "the archive is truncated after %" PRIu64 " bytes",
                             source_length(input->source));
}

enum archive_event input_not_an_archive(const struct archive_input *input, const char *bytes,
                                        size_t length)
{
    const char *text = compression_of(bytes, length);
    return problem_malformed(input->problem, "this is %s", text ? text : "not a tar archive");
}

enum archive_event input_block(const struct archive_input *input, const char **block)
{
    size_t got = 0;
    enum status status = source_take(input->source, TAR_BLOCK_SIZE, block, &got);
    if (status != STATUS_OK)
        return problem_system(input->problem, status);
    if (got == TAR_BLOCK_SIZE)
        return ARCHIVE_OK;
    bool first = source_position(input->source) == got;
    if (got > 0 && first && compression_of(*block, got))
        return input_not_an_archive(input, *block, got);
    *block = NULL;
    return got == 0 ? ARCHIVE_OK : input_cut(input);
}

enum archive_event input_header_block(const struct archive_input *input, const char **block)
{
    enum archive_event event = bounds_header(input->bounds, TAR_BLOCK_SIZE, input->problem);
    if (event == ARCHIVE_OK)
        event = input_block(input, block);
    return event == ARCHIVE_OK && !*block ? input_cut(input) : event;
}

enum archive_event input_event(const struct archive_input *input, const char *name,
                               enum tar_error error)
{
    return problem_tar(input->problem, error, name, source_position(input->source));
}
