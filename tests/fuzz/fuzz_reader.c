/* Complete archives: reads all entries. */
#include "fuzz.h"

#include "archive/reader.h"
#include "tar_encode.h"

#include <string.h>

/* Small limits, so that no input takes long by reading holes. */
static const struct archive_limits limits = {.entries = 500,
                                             .tree_size = 1 << 18,
                                             .path = 4096,
                                             .depth = 100,
                                             .pax = 1 << 16,
                                             .xattr = 1 << 14};

/* Limits for the canonical archive of an input within those limits. */
static const struct archive_limits wide = {.entries = 1000,
                                           .tree_size = 1 << 20,
                                           .path = 1 << 14,
                                           .depth = 1000,
                                           .pax = 1 << 20,
                                           .xattr = 1 << 16};

/* Whether the path is relative, without "..", empty components, and "." unless for the root. */
static void path_check(const char *path)
{
    if (strcmp(path, TAR_ROOT) == 0)
        return;
    while (*path) {
        size_t length = strcspn(path, "/");
        EXPECT(length > 0);
        EXPECT(!(length == 1 && path[0] == '.'));
        EXPECT(!(length == 2 && path[0] == '.' && path[1] == '.'));
        path += length;
        if (*path == '/')
            EXPECT(*++path != '\0');
    }
}

static void entry_check(const struct tar_entry *entry)
{
    EXPECT(entry->path && entry->path[0] != '\0');
    path_check(entry->path);
    EXPECT(strlen(entry->path) <= limits.path);
    bool is_link = entry->type == TAR_HARDLINK || entry->type == TAR_SYMLINK;
    EXPECT(is_link == (entry->link != NULL));
    if (entry->type == TAR_HARDLINK)
        path_check(entry->link);
    EXPECT(entry->type == TAR_FILE || entry->size == 0);
    EXPECT((entry->mode & ~07777U) == 0);
    EXPECT(entry->uid != UINT32_MAX && entry->gid != UINT32_MAX);
    EXPECT(entry->mtime.nanoseconds < 1000000000);
    for (size_t i = 1; i < entry->xattrs.count; i++)
        EXPECT(strcmp(xattrs_get(&entry->xattrs, i - 1).name, xattrs_get(&entry->xattrs, i).name) <
               0);
}

/* Appends the content, with its holes as zeros. */
static enum archive_event content_append(struct reader *reader, const struct tar_entry *entry,
                                         struct buf *out)
{
    struct payload_chunk chunk;
    uint64_t at = 0;
    do {
        enum archive_event event = reader_data(reader, &chunk);
        if (event != ARCHIVE_OK)
            return event;
        uint64_t start = chunk.length > 0 ? chunk.offset : entry->size;
        EXPECT(start >= at && start <= entry->size && chunk.length <= entry->size - start);
        EXPECT(buf_append_fill(out, 0, start - at) == 0);
        EXPECT(buf_append(out, chunk.bytes, chunk.length) == 0);
        at = start + chunk.length;
    } while (chunk.length > 0);
    EXPECT(buf_append_fill(out, 0, tar_padding(entry->size)) == 0);
    return ARCHIVE_OK;
}

/* Reads the archive and appends its entries to `out` in canonical form. */
static enum archive_event archive_rewrite(const void *bytes, size_t length,
                                          const struct archive_limits *bounds, struct buf *out)
{
    struct source source = {0};
    struct bounds counts;
    struct problem problem = {0};
    struct reader reader = {0};
    const struct tar_entry *entry = NULL;
    EXPECT(source_start_memory(&source, bytes, length) == STATUS_OK);
    bounds_start(&counts, bounds);
    reader_start(&reader, &(const struct archive_input){&source, &counts, &problem, false});
    enum archive_event event = reader_next(&reader, &entry);
    while (event == ARCHIVE_OK) {
        entry_check(entry);
        EXPECT(tar_encode_entry(entry, out) == 0);
        if (entry->type == TAR_FILE)
            event = content_append(&reader, entry, out);
        if (event == ARCHIVE_OK)
            event = reader_next(&reader, &entry);
    }
    EXPECT(event != ARCHIVE_FAILED);
    if (event == ARCHIVE_END)
        EXPECT(source_position(&source) == length && buf_append_fill(out, 0, TAR_END_SIZE) == 0);
    else
        EXPECT(problem.text[0] != '\0' && !strchr(problem.text, '\n'));
    reader_free(&reader);
    source_free(&source);
    return event;
}

/* Reads only the headers, and skips all content. */
static enum archive_event archive_skim(const void *bytes, size_t length, bool proven)
{
    struct source source = {0};
    struct bounds counts;
    struct problem problem = {0};
    struct reader reader = {0};
    const struct tar_entry *entry = NULL;
    EXPECT(source_start_memory(&source, bytes, length) == STATUS_OK);
    bounds_start(&counts, &limits);
    reader_start(&reader, &(const struct archive_input){&source, &counts, &problem, proven});
    enum archive_event event = ARCHIVE_OK;
    while (event == ARCHIVE_OK)
        event = reader_next(&reader, &entry);
    reader_free(&reader);
    source_free(&source);
    return event;
}

/* The canonical archive of the entries is read as the same entries. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf once = {0}, twice = {0};
    enum archive_event event = archive_rewrite(data, size, &limits, &once);
    EXPECT(archive_skim(data, size, false) == event);
    enum archive_event proven = archive_skim(data, size, true);
    EXPECT(proven == event || event == ARCHIVE_MALFORMED);
    if (event == ARCHIVE_END) {
        EXPECT(archive_rewrite(once.bytes, once.length, &wide, &twice) == ARCHIVE_END);
        EXPECT(once.length == twice.length && memcmp(once.bytes, twice.bytes, once.length) == 0);
    }
    buf_free(&once);
    buf_free(&twice);
    return 0;
}
