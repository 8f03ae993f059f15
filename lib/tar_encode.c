#include "tar_encode.h"

#include "tar_header.h"
#include "tar_record.h"
#include "utf8.h"

#include <string.h>

/* Appends the path in the archive: directories end in a slash, so the root is "./". */
static int path_spell(const struct tar_entry *entry, struct buf *path)
{
    if (buf_append_text(path, entry->path) != 0)
        return -1;
    return entry->type == TAR_DIRECTORY ? buf_append(path, "/", 1) : 0;
}

/* Splits a path into prefix and name at the first slash that leaves a name of at most 100 bytes.
 * Returns the length of the prefix, 0 if none is needed, -1 if the prefix would be too long or the
 * name empty. */
static int path_split(const char *path, size_t length)
{
    const struct tar_ustar *ustar = NULL;
    if (length <= sizeof ustar->name)
        return 0;
    const char *start = path + length - sizeof ustar->name - 1;
    const char *slash = memchr(start, '/', sizeof ustar->name + 1);
    if (!slash || slash == path || slash - path > (ptrdiff_t)sizeof ustar->prefix)
        return -1;
    return slash + 1 == path + length ? -1 : (int)(slash - path);
}

static void field_copy(char *field, size_t size, const char *text, size_t length)
{
    memcpy(field, text, length < size ? length : size);
}

static bool time_fits(struct tar_time time)
{
    return time.nanoseconds == 0 && time.seconds >= 0 &&
           (uint64_t)time.seconds <= tar_number_max(12);
}

static int text_records(const struct tar_entry *entry, const struct buf *path, struct buf *records)
{
    bool long_path = path_split(path->bytes, path->length) < 0;
    bool long_link = entry->link && strlen(entry->link) > 100;
    /* By default POSIX readers assume UTF-8 in these two. */
    if ((long_path && !utf8_valid(entry->path)) || (long_link && !utf8_valid(entry->link))) {
        if (tar_record_append(records, "hdrcharset", "BINARY", 6) != 0)
            return -1;
    }
    if (long_path && tar_record_append(records, "path", path->bytes, path->length) != 0)
        return -1;
    if (long_link && tar_record_append(records, "linkpath", entry->link, strlen(entry->link)) != 0)
        return -1;
    return 0;
}

/* The records for values that ustar cannot hold, in the order of FORMAT.md. */
static int records_encode(const struct tar_entry *entry, const struct buf *path,
                          struct buf *records)
{
    if (text_records(entry, path, records) != 0)
        return -1;
    if (entry->size > tar_number_max(12) &&
        tar_record_append_number(records, "size", entry->size) != 0)
        return -1;
    if (entry->uid > tar_number_max(8) && tar_record_append_number(records, "uid", entry->uid) != 0)
        return -1;
    if (entry->gid > tar_number_max(8) && tar_record_append_number(records, "gid", entry->gid) != 0)
        return -1;
    if (!time_fits(entry->mtime) && tar_record_append_time(records, "mtime", entry->mtime) != 0)
        return -1;
    for (size_t i = 0; i < entry->xattrs.count; i++) {
        struct xattr xattr = xattrs_get(&entry->xattrs, i);
        if (tar_record_append_xattr(records, &xattr) != 0)
            return -1;
    }
    return 0;
}

/* Fills in the numbers of the entry, and completes the header. */
static void header_finish(struct tar_ustar *header, const struct tar_entry *entry)
{
    int64_t seconds = entry->mtime.seconds > 0 ? entry->mtime.seconds : 0;
    tar_number_encode(header->mode, sizeof header->mode, entry->mode);
    tar_number_encode(header->uid, sizeof header->uid, entry->uid);
    tar_number_encode(header->gid, sizeof header->gid, entry->gid);
    tar_number_encode(header->size, sizeof header->size, entry->size);
    tar_number_encode(header->mtime, sizeof header->mtime, (uint64_t)seconds);
    tar_number_encode(header->major, sizeof header->major, entry->major);
    tar_number_encode(header->minor, sizeof header->minor, entry->minor);
    tar_header_seal(header);
}

/* The fields of an extended header are constant except for its size. */
static int records_emit(const struct buf *records, struct buf *out)
{
    struct tar_ustar header = {.name = "PaxHeaders", .type = 'x'};
    const struct tar_entry fields = {.mode = 0644, .size = records->length};
    header_finish(&header, &fields);
    if (buf_append(out, &header, sizeof header) != 0 ||
        buf_append(out, records->bytes, records->length) != 0)
        return -1;
    return buf_append_fill(out, 0, tar_padding(records->length));
}

static int header_emit(const struct tar_entry *entry, const struct buf *path, struct buf *out)
{
    /* enum tar_type has the order of the flags. */
    struct tar_ustar header = {.type = (char)('0' + entry->type)};
    int prefix = path_split(path->bytes, path->length);
    const char *name = path->bytes;
    if (prefix > 0) {
        field_copy(header.prefix, sizeof header.prefix, path->bytes, (size_t)prefix);
        name += prefix + 1;
    }
    field_copy(header.name, sizeof header.name, name, path->length - (size_t)(name - path->bytes));
    if (entry->link)
        field_copy(header.link, sizeof header.link, entry->link, strlen(entry->link));
    header_finish(&header, entry);
    return buf_append(out, &header, sizeof header);
}

int tar_encode_entry(const struct tar_entry *entry, struct buf *out)
{
    struct buf path = {0}, records = {0};
    int result = path_spell(entry, &path);
    if (result == 0)
        result = records_encode(entry, &path, &records);
    if (result == 0 && records.length > 0)
        result = records_emit(&records, out);
    if (result == 0)
        result = header_emit(entry, &path, out);
    buf_free(&path);
    buf_free(&records);
    return result;
}
