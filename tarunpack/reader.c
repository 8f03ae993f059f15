#include "reader.h"

#include "bounds.h"
#include "compression.h"
#include "diag.h"
#include "resolve.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Every entry copies what a global header says: writers put a comment there, or an owner. */
#define GLOBAL_MAX 65536

void reader_start(struct reader *reader, struct source *source, const struct reader_limits *limits)
{
    *reader = (struct reader){.source = source, .limits = *limits};
}

enum reader_event reader_refuse(struct reader *reader, enum reader_event event, const char *format,
                                ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reader->problem, sizeof reader->problem, format, arguments);
    va_end(arguments);
    return event;
}

/* `name` is the entry's, if it is known. */
static enum reader_event malformed(struct reader *reader, const char *name, enum tar_error error)
{
    if (error == TAR_NO_MEMORY) {
        diag_error("out of memory");
        reader->failure = STATUS_SYSTEM;
        return READER_FAILED;
    }
    if (name && *name)
        return reader_refuse(reader, READER_MALFORMED, "%s: %s", diag_name(name).text,
                             tar_error_text(error));
    return reader_refuse(reader, READER_MALFORMED, "%s, in the header that ends at byte %" PRIu64,
                         tar_error_text(error), reader->source->taken);
}

static enum reader_event cut(struct reader *reader)
{
    return reader_refuse(reader, READER_MALFORMED, "the archive is cut off after %" PRIu64 " bytes",
                         reader->source->read);
}

/* What is wrong with a stream whose very first block is no header. */
static enum reader_event not_an_archive(struct reader *reader, const char *bytes, size_t length)
{
    const char *text = compression_of(bytes, length);
    return reader_refuse(reader, READER_MALFORMED, "this is %s", text ? text : "not a tar archive");
}

/* Takes exactly a block; `*bytes` is NULL where the stream ends instead. */
static enum reader_event take_block(struct reader *reader, const char **bytes)
{
    size_t got = 0;
    reader->failure = source_take(reader->source, TAR_BLOCK_SIZE, bytes, &got);
    if (reader->failure != STATUS_OK)
        return READER_FAILED;
    if (got == 0)
        *bytes = NULL;
    if (got == 0 || got == TAR_BLOCK_SIZE)
        return READER_OK;
    bool first = reader->source->taken == got;
    return first && compression_of(*bytes, got) ? not_an_archive(reader, *bytes, got) : cut(reader);
}

/* Counts bytes of headers that stand before one entry: they are kept in memory. */
static enum reader_event count_extended(struct reader *reader, uint64_t size)
{
    if (size <= reader->limits.pax - reader->extended) {
        reader->extended += size;
        return READER_OK;
    }
    return reader_refuse(reader, READER_LIMIT,
                         "an extended header is longer than %" PRIu64 " bytes (--max-pax)",
                         reader->limits.pax);
}

/* Takes a block that belongs to the headers before an entry. */
static enum reader_event take_more(struct reader *reader, const char **block)
{
    enum reader_event event = count_extended(reader, TAR_BLOCK_SIZE);
    if (event == READER_OK)
        event = take_block(reader, block);
    return event == READER_OK && !*block ? cut(reader) : event;
}

/* Appends the `size` bytes of an extended header's content to `text`. The buffer grows with what
 * comes, not with what is claimed. */
static enum reader_event take_extended(struct reader *reader, uint64_t size, struct buf *text)
{
    enum reader_event event = count_extended(reader, size);
    while (event == READER_OK && size > 0) {
        const char *block = NULL;
        event = take_block(reader, &block);
        if (event != READER_OK)
            return event;
        if (!block)
            return cut(reader);
        size_t used = size < TAR_BLOCK_SIZE ? (size_t)size : TAR_BLOCK_SIZE;
        if (buf_append(text, block, used) != 0)
            return malformed(reader, NULL, TAR_NO_MEMORY);
        size -= used;
    }
    return event;
}

static enum reader_event take_pax(struct reader *reader, uint64_t size, struct tar_pax *pax)
{
    struct buf text = {0};
    enum reader_event event = take_extended(reader, size, &text);
    if (event == READER_OK) {
        enum tar_error error = tar_pax_decode(pax, text.bytes, text.length);
        if (error != TAR_OK)
            event = malformed(reader, NULL, error);
    }
    buf_free(&text);
    return event;
}

/* Global headers count for all that follows, so their bound is one for the whole archive. */
static enum reader_event take_global(struct reader *reader, uint64_t size)
{
    if (size > GLOBAL_MAX - reader->global_size)
        return reader_refuse(reader, READER_LIMIT,
                             "the global headers are longer than %d bytes together", GLOBAL_MAX);
    reader->global_size += size;
    enum reader_event event = take_pax(reader, size, &reader->global);
    /* Attributes and maps belong to one inode; copying them for each entry would take long. */
    const unsigned maps = TAR_PAX_SPARSE_MAP | TAR_PAX_SPARSE_DATA;
    if (event == READER_OK && (reader->global.xattrs.count > 0 || reader->global.given & maps))
        return malformed(reader, NULL, TAR_BAD_GLOBAL);
    return event;
}

/* GNU's long names end with a NUL, or with their header's content. */
static enum reader_event take_long_name(struct reader *reader, uint64_t size, struct buf *name,
                                        bool *has)
{
    name->length = 0;
    *has = true;
    enum reader_event event = take_extended(reader, size, name);
    if (event == READER_OK && buf_append(name, "", 1) != 0)
        event = malformed(reader, NULL, TAR_NO_MEMORY);
    return event;
}

/* Adds the pairs of a block; one whose pairs end early must not say that more blocks follow: some
 * readers would look for them, some not. */
static enum tar_error gnu_sparse_add(struct tar_sparse *map, const char *pairs, size_t count,
                                     bool more)
{
    size_t before = map->count;
    enum tar_error error = tar_sparse_add_gnu(map, pairs, count);
    return error == TAR_OK && more && map->count - before < count ? TAR_BAD_SPARSE : error;
}

/* Old GNU: the map starts in the header block and may go on in blocks behind it. */
static enum reader_event take_gnu_sparse(struct reader *reader, const char *block)
{
    int64_t size = 0;
    bool more = block[TAR_GNU_SPARSE_EXTENDED_OFFSET] != '\0';
    tar_sparse_clear(&reader->sparse);
    enum tar_error error = tar_number_decode(block + TAR_GNU_SPARSE_REAL_SIZE_OFFSET, 12, &size);
    if (error == TAR_OK && size < 0)
        error = TAR_BAD_SPARSE;
    reader->entry.size = (uint64_t)size;
    if (error == TAR_OK)
        error = gnu_sparse_add(&reader->sparse, block + TAR_GNU_SPARSE_OFFSET, TAR_GNU_SPARSE_COUNT,
                               more);
    while (error == TAR_OK && more) {
        enum reader_event event = take_more(reader, &block);
        if (event != READER_OK)
            return event;
        more = block[TAR_GNU_SPARSE_MORE_EXTENDED_OFFSET] != '\0';
        error = gnu_sparse_add(&reader->sparse, block, TAR_GNU_SPARSE_MORE_COUNT, more);
    }
    if (error == TAR_OK)
        error = tar_sparse_check(&reader->sparse, reader->entry.size, reader->stored);
    return error == TAR_OK ? READER_OK : malformed(reader, reader->entry.path, error);
}

/* pax sparse 1.0: the map stands before the data, in whole blocks that count as stored. */
static enum reader_event take_text_sparse(struct reader *reader)
{
    struct tar_sparse_text state = {0};
    tar_sparse_clear(&reader->sparse);
    while (!state.done) {
        const char *block = NULL;
        if (reader->stored < TAR_BLOCK_SIZE)
            return malformed(reader, reader->entry.path, TAR_BAD_SPARSE);
        enum reader_event event = take_more(reader, &block);
        if (event != READER_OK)
            return event;
        reader->stored -= TAR_BLOCK_SIZE;
        enum tar_error error = tar_sparse_add_text(&reader->sparse, &state, block, TAR_BLOCK_SIZE);
        if (error != TAR_OK)
            return malformed(reader, reader->entry.path, error);
    }
    enum tar_error error = tar_sparse_check(&reader->sparse, reader->entry.size, reader->stored);
    return error == TAR_OK ? READER_OK : malformed(reader, reader->entry.path, error);
}

static enum reader_event take_entry(struct reader *reader, const char *block,
                                    const struct tar_header *header)
{
    reader->extent = 0;
    reader->position = 0;
    enum tar_error error = resolve_entry(reader, header);
    if (error != TAR_OK)
        return malformed(reader, reader->entry.path, error);
    enum reader_event event = READER_OK;
    if (reader->map && header->type == 'S')
        event = take_gnu_sparse(reader, block);
    else if (reader->map == &reader->sparse)
        event = take_text_sparse(reader);
    return event == READER_OK ? bounds_check(reader) : event;
}

/* Behind the first block of zeros: a second one, then nothing but zeros. */
static enum reader_event take_end(struct reader *reader)
{
    const char *bytes = NULL;
    size_t got = 0;
    enum reader_event event = take_block(reader, &bytes);
    if (event != READER_OK)
        return event;
    if (!bytes)
        return cut(reader);
    if (!tar_block_is_zero(bytes))
        return reader_refuse(reader, READER_MALFORMED,
                             "a single block of zeros stands before byte %" PRIu64,
                             reader->source->taken - TAR_BLOCK_SIZE);
    do {
        reader->failure =
            source_take(reader->source, SIZE_MAX & ~(TAR_BLOCK_SIZE - 1), &bytes, &got);
        if (reader->failure != STATUS_OK)
            return READER_FAILED;
        if (got > 0 && (bytes[0] != '\0' || memcmp(bytes, bytes + 1, got - 1) != 0))
            return reader_refuse(reader, READER_MALFORMED,
                                 "there is data behind the end of the archive");
    } while (got > 0);
    return READER_END;
}

/* Passes over what is left of the content, whatever a map says of it. */
static enum reader_event content_pass(struct reader *reader)
{
    struct reader_chunk chunk;
    reader->map = NULL;
    do {
        enum reader_event event = reader_data(reader, &chunk);
        if (event != READER_OK)
            return event;
    } while (chunk.length > 0);
    return READER_OK;
}

/* Whether a header that speaks of the next entry was read. */
static bool is_pending(const struct reader *reader)
{
    return reader->has_local || reader->has_long_path || reader->has_long_link;
}

/* Behind two of a kind some readers take the first, some the last, some both. */
static enum reader_event misplaced(struct reader *reader)
{
    return reader_refuse(reader, READER_MALFORMED, "an extended header has no entry behind it");
}

static enum reader_event take_local(struct reader *reader, uint64_t size)
{
    reader->has_local = true;
    return take_pax(reader, size, &reader->local);
}

static enum reader_event take_header(struct reader *reader, const char *block, bool *is_entry)
{
    struct tar_header header;
    bool first = reader->source->taken == TAR_BLOCK_SIZE;
    enum tar_error error = tar_header_decode(block, &header);
    *is_entry = false;
    if (error == TAR_BAD_CHECKSUM && first)
        return not_an_archive(reader, block, TAR_BLOCK_SIZE);
    if (error != TAR_OK)
        return malformed(reader, NULL, error);
    switch (header.type) {
    case 'x':
    case 'X': /* Solaris, before POSIX had a letter for it */
        return reader->has_local ? misplaced(reader) : take_local(reader, header.size);
    case 'g':
        return is_pending(reader) ? misplaced(reader) : take_global(reader, header.size);
    case 'L':
        return reader->has_long_path ? misplaced(reader)
                                     : take_long_name(reader, header.size, &reader->long_path,
                                                      &reader->has_long_path);
    case 'K':
        return reader->has_long_link ? misplaced(reader)
                                     : take_long_name(reader, header.size, &reader->long_link,
                                                      &reader->has_long_link);
    case 'V': /* the volume's label: a name for the reel, no entry */
        reader->stored = header.size;
        return is_pending(reader) ? misplaced(reader) : content_pass(reader);
    default:
        *is_entry = true;
        return take_entry(reader, block, &header);
    }
}

/* Forgets the last entry; what is left of its content is passed over. */
static enum reader_event entry_leave(struct reader *reader)
{
    enum reader_event event = content_pass(reader);
    reader->entry.path = NULL;
    reader->has_local = reader->has_long_path = reader->has_long_link = false;
    reader->extended = 0;
    tar_pax_clear(&reader->local);
    return event;
}

enum reader_event reader_next(struct reader *reader, const struct tar_entry **entry)
{
    bool is_entry = false;
    enum reader_event event = entry_leave(reader);
    while (event == READER_OK && !is_entry) {
        const char *block = NULL;
        event = take_block(reader, &block);
        if (event != READER_OK)
            return event;
        if (!block && reader->source->taken == 0)
            return reader_refuse(reader, READER_MALFORMED, "the input is empty");
        if (!block)
            return cut(reader);
        if (!tar_block_is_zero(block))
            event = take_header(reader, block, &is_entry);
        else if (is_pending(reader))
            return misplaced(reader);
        else
            return take_end(reader);
    }
    *entry = &reader->entry;
    return event;
}

void reader_free(struct reader *reader)
{
    buf_free(&reader->path);
    buf_free(&reader->link);
    buf_free(&reader->long_path);
    buf_free(&reader->long_link);
    tar_pax_free(&reader->local);
    tar_pax_free(&reader->global);
    tar_sparse_free(&reader->sparse);
    xattrs_free(&reader->entry.xattrs);
    *reader = (struct reader){0};
}
