#include "bounds.h"

#include "diag.h"

#include <inttypes.h>
#include <string.h>

static enum reader_event check_xattrs(struct reader *reader)
{
    for (size_t i = 0; i < reader->entry.xattrs.count; i++) {
        struct xattr xattr = xattrs_get(&reader->entry.xattrs, i);
        if (xattr.length > reader->limits.xattr)
            return reader_refuse(reader, READER_LIMIT,
                                 "%s: the attribute %s is longer than %" PRIu64
                                 " bytes (--max-xattr)",
                                 diag_name(reader->entry.path).text, diag_name(xattr.name).text,
                                 reader->limits.xattr);
    }
    return READER_OK;
}

/* The kernel, where Landlock confines us, climbs from every entry to the top. */
static bool is_too_deep(const char *path, uint64_t limit)
{
    uint64_t depth = 0;
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/'))
        depth++;
    return depth > limit;
}

/* ACLs and labels take some 100 bytes, and only the directories of a few trees have them. */
#define KEPT_MAX (UINT64_C(64) << 20)

enum reader_event bounds_tree(struct reader *reader, uint64_t implied, uint64_t kept)
{
    if (kept > KEPT_MAX)
        return reader_refuse(
            reader, READER_LIMIT,
            "the ACLs and labels of all directories are larger than %" PRIu64 " bytes", KEPT_MAX);
    if (reader->entries + implied <= reader->limits.entries)
        return READER_OK;
    return reader_refuse(reader, READER_LIMIT,
                         "the archive has more than %" PRIu64 " entries (--max-entries)",
                         reader->limits.entries);
}

enum reader_event bounds_check(struct reader *reader)
{
    const struct reader_limits *limits = &reader->limits;
    const char *path = reader->entry.path;
    reader->entries++;
    if (bounds_tree(reader, 0, 0) != READER_OK)
        return READER_LIMIT;
    if (reader->path.length > limits->path ||
        (reader->entry.link && reader->link.length > limits->path))
        return reader_refuse(reader, READER_LIMIT,
                             "%s: the path is longer than %" PRIu64 " bytes (--max-path)",
                             diag_name(path).text, limits->path);
    if (is_too_deep(reader->entry.path, limits->depth))
        return reader_refuse(reader, READER_LIMIT,
                             "%s: is deeper than %" PRIu64 " directories (--max-depth)",
                             diag_name(reader->entry.path).text, limits->depth);
    if (reader->entry.size > limits->tree_size - reader->tree_size)
        return reader_refuse(reader, READER_LIMIT,
                             "%s: the files are larger than %" PRIu64
                             " bytes together (--max-size)",
                             diag_name(path).text, limits->tree_size);
    reader->tree_size += reader->entry.size;
    return check_xattrs(reader);
}
