#include "archive/reader.h"

#include "archive/sparse.h"

#include <inttypes.h>
#include <stdint.h>
#include <string.h>

void reader_start(struct reader *reader, const struct archive_input *input)
{
    *reader = (struct reader){.input = *input};
}

/* Reads the sparse map, if it is in the stream, and prepares to read the content. */
static enum archive_event content_start(struct reader *reader, const char *block)
{
    struct resolved *resolved = &reader->resolved;
    struct tar_entry *entry = &resolved->entry;
    const struct archive_input *input = &reader->input;
    bool streamed = resolved->sparse == SPARSE_GNU || resolved->sparse == SPARSE_TEXT;
    enum archive_event event = ARCHIVE_OK;
    if (resolved->sparse == SPARSE_GNU)
        event = sparse_take_gnu(&reader->map, block, entry->path, resolved->stored, &entry->size,
                                input);
    else if (streamed)
        event = sparse_take_text(&reader->map, entry->path, &resolved->stored, entry->size, input);
    payload_start(&reader->payload, resolved->stored, streamed ? &reader->map : resolved->map);
    return event;
}

static enum archive_event entry_take(struct reader *reader, const char *block,
                                     const struct tar_header *header)
{
    struct resolved *resolved = &reader->resolved;
    enum tar_error error = precedence_resolve(resolved, &reader->headers, header);
    if (error != TAR_OK)
        return input_event(&reader->input, resolved->entry.path, error);
    enum archive_event event = content_start(reader, block);
    if (event == ARCHIVE_OK)
        event = bounds_entry(reader->input.bounds, &resolved->entry, reader->input.problem);
    return event;
}

static enum archive_event link_with_content(const struct reader *reader)
{
    return input_event(&reader->input, reader->resolved.entry.path, TAR_LINK_CONTENT);
}

/* Judges data after the end of the archive, which readers ignore. After a hard link with a size,
 * the zeros before the data may be the link's content. */
static enum archive_event behind_take(struct reader *reader)
{
    if (reader->resolved.sized_link)
        return link_with_content(reader);
    if (!reader->input.proven)
        return problem_malformed(reader->input.problem, "there is data after the end of the "
                                                        "archive (--expect=DIGEST allows it)");
    return ARCHIVE_OK;
}

/* Takes what follows the two zero blocks. */
static enum archive_event rest_take(struct reader *reader)
{
    const struct archive_input *input = &reader->input;
    const char *bytes = NULL;
    size_t got = 0;
    enum archive_event event = ARCHIVE_OK;
    do {
        enum status status =
            source_take(input->source, SIZE_MAX & ~(TAR_BLOCK_SIZE - 1), &bytes, &got);
        if (status != STATUS_OK)
            return problem_system(input->problem, status);
        size_t zeros = 0;
        while (reader->ignored == 0 && zeros < got && bytes[zeros] == '\0')
            zeros++;
        if (zeros < got)
            event = behind_take(reader);
        reader->ignored += got - zeros;
    } while (got > 0 && event == ARCHIVE_OK);
    return event == ARCHIVE_OK ? ARCHIVE_END : event;
}

/* After the first zero block: requires a second one. */
static enum archive_event end_take(struct reader *reader)
{
    const struct archive_input *input = &reader->input;
    const char *bytes = NULL;
    enum archive_event event = input_block(input, &bytes);
    if (event != ARCHIVE_OK)
        return event;
    if (!bytes)
        return input->proven ? ARCHIVE_END : input_cut(input);
    if (!tar_block_is_zero(bytes))
        return problem_malformed(input->problem, "a single zero block before byte %" PRIu64,
                                 source_position(input->source) - TAR_BLOCK_SIZE);
    return rest_take(reader);
}

/* The stream ends where a header or a zero block is expected. */
static enum archive_event stream_end(const struct reader *reader)
{
    const struct archive_input *input = &reader->input;
    if (input->proven)
        return headers_is_pending(&reader->headers) ? headers_misplaced(input) : ARCHIVE_END;
    if (source_position(input->source) == 0)
        return problem_malformed(input->problem, "the input is empty");
    return input_cut(input);
}

/* Skips a GNU volume label: it names the tape and is no entry. GNU tar writes it first; some
 * readers take it for a file. */
static enum archive_event label_take(struct reader *reader, const struct tar_header *header,
                                     bool first)
{
    if (headers_is_pending(&reader->headers) || !first)
        return headers_misplaced(&reader->input);
    /* Some readers expect no content. */
    return input_event(&reader->input, header->name, header->size > 0 ? TAR_NO_CONTENT : TAR_OK);
}

/* Handles one header; `*is_entry` tells whether it is an entry's. */
static enum archive_event header_take(struct reader *reader, const char *block, bool *is_entry)
{
    struct tar_header header;
    const struct archive_input *input = &reader->input;
    bool first = source_position(input->source) == TAR_BLOCK_SIZE;
    enum tar_error error = tar_header_decode(block, &header);
    if (error == TAR_BAD_CHECKSUM && first)
        return input_not_an_archive(input, block, TAR_BLOCK_SIZE);
    if (error != TAR_OK && reader->resolved.sized_link)
        return link_with_content(reader);
    reader->resolved.sized_link = false;
    if (error != TAR_OK)
        return input_event(input, NULL, error);
    if (headers_is_extension(header.type))
        return headers_take(&reader->headers, &header, input);
    if (header.type == 'V')
        return label_take(reader, &header, first);
    *is_entry = true;
    return entry_take(reader, block, &header);
}

static enum archive_event entry_leave(struct reader *reader)
{
    enum archive_event event = payload_pass(&reader->payload, &reader->input);
    headers_clear(&reader->headers);
    return event;
}

enum archive_event reader_next(struct reader *reader, const struct tar_entry **entry)
{
    const struct archive_input *input = &reader->input;
    bool is_entry = false;
    enum archive_event event = entry_leave(reader);
    while (event == ARCHIVE_OK && !is_entry) {
        const char *block = NULL;
        event = input_block(input, &block);
        if (event != ARCHIVE_OK)
            return event;
        if (!block)
            return stream_end(reader);
        if (!tar_block_is_zero(block))
            event = header_take(reader, block, &is_entry);
        else if (headers_is_pending(&reader->headers))
            return headers_misplaced(input);
        else
            return end_take(reader);
    }
    *entry = &reader->resolved.entry;
    return event;
}

enum archive_event reader_data(struct reader *reader, struct payload_chunk *chunk)
{
    return payload_read(&reader->payload, &reader->input, chunk);
}

bool reader_saw_absolute(const struct reader *reader)
{
    return reader->resolved.absolute;
}

uint64_t reader_ignored(const struct reader *reader)
{
    return reader->ignored;
}

void reader_free(struct reader *reader)
{
    headers_free(&reader->headers);
    precedence_free(&reader->resolved);
    tar_sparse_free(&reader->map);
    *reader = (struct reader){0};
}
