#include "archive/precedence.h"

#include "acl.h"
#include "tar_path.h"

#include <linux/limits.h>
#include <string.h>

/* The extended header whose value of a keyword wins; NULL if none has one. */
static const struct tar_pax *header_defining(const struct headers *headers,
                                             enum tar_pax_keyword keyword)
{
    if (headers->local.given & keyword)
        return &headers->local;
    if (headers->local.deleted & keyword)
        return NULL;
    return (headers->global.given & keyword) ? &headers->global : NULL;
}

static const char *path_text(const struct headers *headers, const struct tar_header *header)
{
    const struct tar_pax *pax = header_defining(headers, TAR_PAX_SPARSE_NAME);
    if (pax)
        return pax->sparse_name.bytes;
    pax = header_defining(headers, TAR_PAX_PATH);
    if (pax)
        return pax->path.bytes;
    return headers->has_long_path ? headers->long_path.bytes : header->name;
}

static const char *link_text(const struct headers *headers, const struct tar_header *header)
{
    const struct tar_pax *pax = header_defining(headers, TAR_PAX_LINK);
    if (pax)
        return pax->link.bytes;
    return headers->has_long_link ? headers->long_link.bytes : header->link;
}

static enum tar_error resolve_type(struct resolved *resolved, const struct tar_header *header,
                                   const char *path)
{
    size_t length = strlen(path);
    bool slash = length > 0 && path[length - 1] == '/';
    switch (header->type) {
    case '0':
    case '7': /* contiguous files; POSIX allows treating them as regular files */
        /* Before ustar only the slash marked a directory. */
        resolved->entry.type = slash ? TAR_DIRECTORY : TAR_FILE;
        return TAR_OK;
    case 'S':
        /* Readers disagree whether such a directory is followed by the rest of its map. */
        resolved->entry.type = TAR_FILE;
        return slash ? TAR_BAD_SPARSE : TAR_OK;
    case 'D': /* GNU tar --incremental: a directory with the list of its names as content */
        resolved->entry.type = TAR_DIRECTORY;
        return TAR_OK;
    case 'M':
        return TAR_MULTI_VOLUME;
    default:
        if (header->type < '1' || header->type > '6')
            return TAR_BAD_TYPE;
        resolved->entry.type = (enum tar_type)(header->type - '0'); /* the enum has their order */
        return TAR_OK;
    }
}

static enum tar_error resolve_path(struct resolved *resolved, const char *path)
{
    enum tar_error error = tar_path_normalise(path, &resolved->path, &resolved->absolute);
    if (error == TAR_OK)
        resolved->entry.path = resolved->path.bytes;
    return error;
}

static enum tar_error resolve_link(struct resolved *resolved, const char *link)
{
    resolved->entry.link = NULL;
    if (resolved->entry.type != TAR_HARDLINK && resolved->entry.type != TAR_SYMLINK)
        return TAR_OK;
    size_t length = strlen(link);
    if (length == 0 || (resolved->entry.type == TAR_SYMLINK && length >= PATH_MAX))
        return TAR_BAD_LINK;
    enum tar_error error = TAR_OK;
    if (resolved->entry.type == TAR_HARDLINK)
        error = tar_path_normalise(link, &resolved->link, &resolved->absolute);
    else if (buf_set_text(&resolved->link, link, length) != 0)
        error = TAR_NO_MEMORY;
    resolved->entry.link = resolved->link.bytes;
    return error;
}

static enum tar_error resolve_id(uint64_t id, uint32_t *known)
{
    *known = (uint32_t)id;
    return id < UINT32_MAX ? TAR_OK : TAR_BAD_ID;
}

static enum tar_error resolve_owner(struct resolved *resolved, const struct headers *headers,
                                    const struct tar_header *header)
{
    const struct tar_pax *uid = header_defining(headers, TAR_PAX_UID),
                         *gid = header_defining(headers, TAR_PAX_GID);
    enum tar_error error = resolve_id(uid ? uid->uid : header->uid, &resolved->entry.uid);
    return error != TAR_OK ? error : resolve_id(gid ? gid->gid : header->gid, &resolved->entry.gid);
}

/* The kernel's device numbers have 12 and 20 bits. */
static enum tar_error resolve_device(struct resolved *resolved, const struct headers *headers,
                                     const struct tar_header *header)
{
    resolved->entry.major = resolved->entry.minor = 0;
    if (resolved->entry.type != TAR_CHAR && resolved->entry.type != TAR_BLOCK)
        return TAR_OK;
    const struct tar_pax *major = header_defining(headers, TAR_PAX_MAJOR);
    const struct tar_pax *minor = header_defining(headers, TAR_PAX_MINOR);
    uint64_t major_number = major ? major->major : header->major;
    uint64_t minor_number = minor ? minor->minor : header->minor;
    resolved->entry.major = (uint32_t)major_number;
    resolved->entry.minor = (uint32_t)minor_number;
    return major_number < 1 << 12 && minor_number < 1 << 20 ? TAR_OK : TAR_BAD_NUMBER;
}

/* Checked here because the kernel would only report a malformed ACL, or a default ACL of a file, as
 * invalid or not permitted. */
static enum tar_error acls_check(const struct xattrs *list, enum tar_type type)
{
    static const char *const names[] = {ACL_XATTR_ACCESS, ACL_XATTR_DEFAULT};
    enum tar_error error = TAR_OK;
    for (size_t i = 0; error == TAR_OK && i < sizeof names / sizeof names[0]; i++) {
        struct xattr acl;
        if (xattrs_find(list, names[i], &acl) != 0)
            continue;
        if (i > 0 && type != TAR_DIRECTORY && type != TAR_SYMLINK)
            return TAR_BAD_ACL;
        error = acl_check(acl.value, acl.length);
    }
    return error;
}

/* Counts the ACLs that only names describe. */
static unsigned named_acls(const struct tar_pax *pax, const struct xattrs *list)
{
    struct xattr acl;
    return (unsigned)(pax->named_access && xattrs_find(list, ACL_XATTR_ACCESS, &acl) != 0) +
           (unsigned)(pax->named_default && xattrs_find(list, ACL_XATTR_DEFAULT, &acl) != 0);
}

static enum tar_error resolve_xattrs(struct resolved *resolved, const struct headers *headers)
{
    struct xattrs *list = &resolved->entry.xattrs;
    xattrs_clear(list);
    resolved->entry.named_acls = resolved->entry.nfs4_acls = 0;
    if (resolved->entry.type == TAR_HARDLINK) /* the inode's own entry has them */
        return TAR_OK;
    if (xattrs_copy(list, &headers->global.xattrs) != 0 ||
        xattrs_copy(list, &headers->local.xattrs) != 0)
        return TAR_NO_MEMORY;
    xattrs_finish(list);
    for (size_t i = list->count; i-- > 0;) {
        if (acl_is_other_form(xattrs_get(list, i).name))
            xattrs_remove(list, i);
    }
    resolved->entry.named_acls = named_acls(&headers->local, list);
    resolved->entry.nfs4_acls = headers->local.nfs4;
    return acls_check(list, resolved->entry.type);
}

/* Finds where a sparse file's map is and how large the file really is. */
static enum tar_error resolve_sparse(struct resolved *resolved, const struct headers *headers,
                                     const struct tar_header *header)
{
    const struct tar_pax *map = header_defining(headers, TAR_PAX_SPARSE_MAP);
    const struct tar_pax *data = header_defining(headers, TAR_PAX_SPARSE_DATA);
    const struct tar_pax *size = header_defining(headers, TAR_PAX_SPARSE_SIZE);
    if (header->type == 'S')
        resolved->sparse = SPARSE_GNU;
    if (header->type == 'S' || (!map && !data))
        return TAR_OK;
    if (!size || size->sparse_size > INT64_MAX)
        return TAR_BAD_SPARSE;
    resolved->sparse = map ? SPARSE_HEADER : SPARSE_TEXT;
    resolved->map = map ? &map->sparse : NULL;
    resolved->entry.size = size->sparse_size;
    return map ? tar_sparse_check(resolved->map, resolved->entry.size, resolved->stored) : TAR_OK;
}

static enum tar_error resolve_content(struct resolved *resolved, const struct headers *headers,
                                      const struct tar_header *header)
{
    const struct tar_pax *pax = header_defining(headers, TAR_PAX_SIZE);
    resolved->stored = pax ? pax->size : header->size;
    resolved->entry.size = 0;
    resolved->sparse = SPARSE_NONE;
    resolved->map = NULL;
    if (resolved->stored > INT64_MAX - TAR_BLOCK_SIZE)
        return TAR_BAD_SIZE;
    if (resolved->entry.type == TAR_FILE) {
        resolved->entry.size = resolved->stored;
        return resolve_sparse(resolved, headers, header);
    }
    /* Directories, links and devices have no content, whatever size they claim. After a hard link,
     * or a file whose name ends in a slash, some readers expect it. So two readers could see two
     * archives, and that is refused. */
    if (header->type == 'D')
        return TAR_OK;
    bool ambiguous = strchr("017S", header->type) != NULL;
    enum tar_error error = ambiguous && resolved->stored > 0 ? TAR_BAD_SIZE : TAR_OK;
    resolved->stored = 0;
    return error;
}

enum tar_error precedence_resolve(struct resolved *resolved, const struct headers *headers,
                                  const struct tar_header *header)
{
    const char *path = path_text(headers, header);
    const struct tar_pax *mtime = header_defining(headers, TAR_PAX_MTIME);
    resolved->entry.path = *path ? path : header->name;
    enum tar_error error = resolve_type(resolved, header, path);
    if (error == TAR_OK)
        error = resolve_path(resolved, path);
    if (error == TAR_OK)
        error = resolve_link(resolved, link_text(headers, header));
    if (error == TAR_OK)
        error = resolve_owner(resolved, headers, header);
    if (error == TAR_OK)
        error = resolve_device(resolved, headers, header);
    if (error == TAR_OK)
        error = resolve_content(resolved, headers, header);
    if (error == TAR_OK)
        error = resolve_xattrs(resolved, headers);
    resolved->entry.mode = header->mode;
    resolved->entry.mtime = mtime ? mtime->mtime : (struct tar_time){.seconds = header->mtime};
    if (error == TAR_OK && strcmp(resolved->entry.path, TAR_ROOT) == 0 &&
        resolved->entry.type != TAR_DIRECTORY)
        error = TAR_BAD_ROOT;
    return error;
}

void precedence_free(struct resolved *resolved)
{
    buf_free(&resolved->path);
    buf_free(&resolved->link);
    xattrs_free(&resolved->entry.xattrs);
}
