#include "resolve.h"

#include "acl.h"
#include "tar_path.h"

#include <linux/limits.h>
#include <string.h>

/* The extended header that has the last word on a keyword; NULL where none speaks of it. */
static const struct tar_pax *speaker(const struct reader *reader, enum tar_pax_keyword keyword)
{
    if (reader->local.given & keyword)
        return &reader->local;
    if (reader->local.deleted & keyword)
        return NULL;
    return (reader->global.given & keyword) ? &reader->global : NULL;
}

static const char *path_text(const struct reader *reader, const struct tar_header *header)
{
    const struct tar_pax *pax = speaker(reader, TAR_PAX_SPARSE_NAME);
    if (pax)
        return pax->sparse_name.bytes;
    pax = speaker(reader, TAR_PAX_PATH);
    if (pax)
        return pax->path.bytes;
    return reader->has_long_path ? reader->long_path.bytes : header->name;
}

static const char *link_text(const struct reader *reader, const struct tar_header *header)
{
    const struct tar_pax *pax = speaker(reader, TAR_PAX_LINK);
    if (pax)
        return pax->link.bytes;
    return reader->has_long_link ? reader->long_link.bytes : header->link;
}

static enum tar_error resolve_type(struct reader *reader, const struct tar_header *header,
                                   const char *path)
{
    size_t length = strlen(path);
    bool slash = length > 0 && path[length - 1] == '/';
    switch (header->type) {
    case '0':
    case '7': /* contiguous files: POSIX lets us take them for ordinary ones */
        /* Before ustar a slash was all that told a directory. */
        reader->entry.type = slash ? TAR_DIRECTORY : TAR_FILE;
        return TAR_OK;
    case 'S':
        /* Some readers would look for the rest of a directory's map, some not. */
        reader->entry.type = TAR_FILE;
        return slash ? TAR_BAD_SPARSE : TAR_OK;
    case '1':
        reader->entry.type = TAR_HARDLINK;
        return TAR_OK;
    case '2':
        reader->entry.type = TAR_SYMLINK;
        return TAR_OK;
    case '3':
        reader->entry.type = TAR_CHAR;
        return TAR_OK;
    case '4':
        reader->entry.type = TAR_BLOCK;
        return TAR_OK;
    case '5':
    case 'D': /* GNU tar --incremental: a directory with a list of its names as content */
        reader->entry.type = TAR_DIRECTORY;
        return TAR_OK;
    case '6':
        reader->entry.type = TAR_FIFO;
        return TAR_OK;
    case 'M':
        return TAR_MULTI_VOLUME;
    default:
        return TAR_BAD_TYPE;
    }
}

static enum tar_error resolve_path(struct reader *reader, const char *path)
{
    enum tar_error error = tar_path_normalise(path, &reader->path, &reader->absolute_seen);
    if (error == TAR_OK)
        reader->entry.path = reader->path.bytes;
    return error;
}

static enum tar_error resolve_link(struct reader *reader, const char *link)
{
    reader->entry.link = NULL;
    if (reader->entry.type != TAR_HARDLINK && reader->entry.type != TAR_SYMLINK)
        return TAR_OK;
    size_t length = strlen(link);
    if (length == 0 || (reader->entry.type == TAR_SYMLINK && length >= PATH_MAX))
        return TAR_BAD_LINK;
    enum tar_error error = TAR_OK;
    if (reader->entry.type == TAR_HARDLINK)
        error = tar_path_normalise(link, &reader->link, &reader->absolute_seen);
    else if (buf_set_text(&reader->link, link, length) != 0)
        error = TAR_NO_MEMORY;
    reader->entry.link = reader->link.bytes;
    return error;
}

static enum tar_error resolve_id(uint64_t id, uint32_t *resolved)
{
    *resolved = (uint32_t)id;
    return id < UINT32_MAX ? TAR_OK : TAR_BAD_ID;
}

static enum tar_error resolve_owner(struct reader *reader, const struct tar_header *header)
{
    const struct tar_pax *uid = speaker(reader, TAR_PAX_UID), *gid = speaker(reader, TAR_PAX_GID);
    enum tar_error error = resolve_id(uid ? uid->uid : header->uid, &reader->entry.uid);
    return error != TAR_OK ? error : resolve_id(gid ? gid->gid : header->gid, &reader->entry.gid);
}

/* The kernel's device numbers have 12 and 20 bits. */
static enum tar_error resolve_device(struct reader *reader, const struct tar_header *header)
{
    reader->entry.major = reader->entry.minor = 0;
    if (reader->entry.type != TAR_CHAR && reader->entry.type != TAR_BLOCK)
        return TAR_OK;
    const struct tar_pax *major = speaker(reader, TAR_PAX_MAJOR);
    const struct tar_pax *minor = speaker(reader, TAR_PAX_MINOR);
    uint64_t major_number = major ? major->major : header->major;
    uint64_t minor_number = minor ? minor->minor : header->minor;
    reader->entry.major = (uint32_t)major_number;
    reader->entry.minor = (uint32_t)minor_number;
    return major_number < 1 << 12 && minor_number < 1 << 20 ? TAR_OK : TAR_BAD_NUMBER;
}

/* The kernel would say no more of a malformed one, or of one where there is none (acl(5)), than
 * that it is invalid or not permitted. */
static enum tar_error acls_check(const struct xattrs *list, enum tar_type type)
{
    static const char *const names[] = {ACL_XATTR_ACCESS, ACL_XATTR_DEFAULT};
    enum tar_error error = TAR_OK;
    for (size_t i = 0; error == TAR_OK && i < sizeof names / sizeof names[0]; i++) {
        struct xattr acl;
        if (xattrs_find(list, names[i], &acl) != 0)
            continue;
        if (type == TAR_SYMLINK || (i > 0 && type != TAR_DIRECTORY))
            return TAR_BAD_ACL;
        error = acl_check(acl.value, acl.length);
    }
    return error;
}

static enum tar_error resolve_xattrs(struct reader *reader)
{
    struct xattrs *list = &reader->entry.xattrs;
    xattrs_clear(list);
    if (reader->entry.type == TAR_HARDLINK) /* they belong to the inode, which has its entry */
        return TAR_OK;
    if (xattrs_copy(list, &reader->global.xattrs) != 0 ||
        xattrs_copy(list, &reader->local.xattrs) != 0)
        return TAR_NO_MEMORY;
    xattrs_finish(list);
    for (size_t i = list->count; i-- > 0;) {
        if (acl_is_other_form(xattrs_get(list, i).name))
            xattrs_remove(list, i);
    }
    return acls_check(list, reader->entry.type);
}

/* Sparse files: where the map is, and how large the file truly is. */
static enum tar_error resolve_sparse(struct reader *reader, const struct tar_header *header)
{
    const struct tar_pax *map = speaker(reader, TAR_PAX_SPARSE_MAP);
    const struct tar_pax *data = speaker(reader, TAR_PAX_SPARSE_DATA);
    const struct tar_pax *size = speaker(reader, TAR_PAX_SPARSE_SIZE);
    reader->map = NULL;
    /* That of old GNU stands in and behind the header, that of 1.0 before the data: reader.c takes
     * both from there. */
    if (header->type == 'S' || (data && !map))
        reader->map = &reader->sparse;
    else if (map)
        reader->map = &map->sparse;
    if (!reader->map || header->type == 'S')
        return TAR_OK;
    if (!size || size->sparse_size > INT64_MAX)
        return TAR_BAD_SPARSE;
    reader->entry.size = size->sparse_size;
    return map ? tar_sparse_check(reader->map, reader->entry.size, reader->stored) : TAR_OK;
}

static enum tar_error resolve_content(struct reader *reader, const struct tar_header *header)
{
    const struct tar_pax *pax = speaker(reader, TAR_PAX_SIZE);
    reader->stored = pax ? pax->size : header->size;
    reader->entry.size = 0;
    reader->map = NULL;
    if (reader->stored > INT64_MAX - TAR_BLOCK_SIZE)
        return TAR_BAD_SIZE;
    if (reader->entry.type == TAR_FILE) {
        reader->entry.size = reader->stored;
        return resolve_sparse(reader, header);
    }
    /* No reader looks for content behind these, whatever size they claim; behind a hard link some
     * do, so that two readers could see two archives: refused. A file whose name ends in a slash
     * is one that has none. */
    if (header->type == 'D')
        return TAR_OK;
    bool ambiguous = strchr("017S", header->type) != NULL;
    enum tar_error error = ambiguous && reader->stored > 0 ? TAR_BAD_SIZE : TAR_OK;
    reader->stored = 0;
    return error;
}

enum tar_error resolve_entry(struct reader *reader, const struct tar_header *header)
{
    const char *path = path_text(reader, header);
    const struct tar_pax *mtime = speaker(reader, TAR_PAX_MTIME);
    reader->entry.path = *path ? path : header->name;
    enum tar_error error = resolve_type(reader, header, path);
    if (error == TAR_OK)
        error = resolve_path(reader, path);
    if (error == TAR_OK)
        error = resolve_link(reader, link_text(reader, header));
    if (error == TAR_OK)
        error = resolve_owner(reader, header);
    if (error == TAR_OK)
        error = resolve_device(reader, header);
    if (error == TAR_OK)
        error = resolve_content(reader, header);
    if (error == TAR_OK)
        error = resolve_xattrs(reader);
    reader->entry.mode = header->mode;
    reader->entry.mtime = mtime ? mtime->mtime : (struct tar_time){.seconds = header->mtime};
    /* The root is a directory or nothing. */
    if (error == TAR_OK && strcmp(reader->entry.path, TAR_ROOT) == 0 &&
        reader->entry.type != TAR_DIRECTORY)
        error = TAR_BAD_ROOT;
    return error;
}
