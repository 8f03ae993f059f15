#include "archive/precedence.h"

#include "acl.h"
#include "tar_path.h"
#include "whiteout.h"

#include <linux/limits.h>
#include <string.h>

static const char *path_text(const struct headers *headers, const struct tar_header *header)
{
    const struct tar_pax *pax = &headers->pax;
    if (pax->given & TAR_PAX_SPARSE_NAME)
        return pax->sparse_name.bytes;
    if (pax->given & TAR_PAX_PATH)
        return pax->path.bytes;
    return headers->has_long_path ? headers->long_path.bytes : header->name;
}

/* GNU tar gives a sparse file such a name for the readers that do not know sparse files. */
static bool is_placeholder(const char *path, const char *name)
{
    return strstr(path, "GNUSparseFile.") || strcmp(path, name) == 0;
}

/* Whether all names that the headers have for the entry are the same one. The header block often
 * has a part of it only. */
static enum tar_error names_check(const struct headers *headers, const struct tar_header *header)
{
    const struct tar_pax *pax = &headers->pax;
    const char *sparse = pax->given & TAR_PAX_SPARSE_NAME ? pax->sparse_name.bytes : NULL;
    const char *path = pax->given & TAR_PAX_PATH ? pax->path.bytes : NULL;
    const char *other = path ? path : header->name;
    if (headers->has_long_path && path && strcmp(headers->long_path.bytes, path) != 0)
        return TAR_TWO_NAMES;
    if (!sparse)
        return TAR_OK;
    bool cut = !path && strlen(header->name) >= sizeof((struct tar_ustar *)0)->name;
    return !headers->has_long_path && (cut || is_placeholder(other, sparse)) ? TAR_OK
                                                                             : TAR_SPARSE_NAME;
}

/* Whether only a directory can have this path. */
static bool names_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && (slash[1] == '\0' || strcmp(slash, "/.") == 0);
}

/* Before ustar only a slash marked a directory. With a magic, or in an extended header, some
 * readers take such an entry for a file. */
static bool is_old_directory(const struct tar_header *header, const char *path)
{
    return header->type == '\0' && header->dialect == TAR_V7 && names_directory(path) &&
           path == header->name;
}

static enum tar_error resolve_type(struct resolved *resolved, const struct tar_header *header,
                                   const char *path)
{
    enum tar_type *type = &resolved->entry.type;
    switch (header->type) {
    case '\0':
    case '0':
    case '7': /* contiguous files; POSIX allows treating them as regular files */
    case 'S':
        *type = is_old_directory(header, path) ? TAR_DIRECTORY : TAR_FILE;
        break;
    case 'D': /* GNU tar --incremental: a directory, or a file with its names */
        return TAR_INCREMENTAL;
    case 'M':
        return TAR_MULTI_VOLUME;
    default:
        if (header->type < '1' || header->type > '6')
            return TAR_BAD_TYPE;
        *type = (enum tar_type)(header->type - '0'); /* the enum has their order */
    }
    bool slash = names_directory(path) || names_directory(header->name);
    return slash && *type != TAR_DIRECTORY ? TAR_BAD_SLASH : TAR_OK;
}

static enum tar_error resolve_path(struct resolved *resolved, const char *path)
{
    enum tar_error error = tar_path_normalise(path, &resolved->path, &resolved->absolute);
    if (error == TAR_OK)
        resolved->entry.path = resolved->path.bytes;
    return error;
}

/* The target that the headers have, even if the type is no link; some readers need it in the header
 * block, too. Sets `*link` to NULL if there is none. */
static enum tar_error link_text(const struct headers *headers, const struct tar_header *header,
                                const char **link)
{
    const char *text = headers->pax.given & TAR_PAX_LINK ? headers->pax.link.bytes : NULL;
    if (text && headers->has_long_link && strcmp(headers->long_link.bytes, text) != 0)
        return TAR_TWO_LINKS;
    if (!text && headers->has_long_link)
        text = headers->long_link.bytes;
    bool is_empty = header->link[0] == '\0';
    *link = text || is_empty ? text : header->link;
    return text && is_empty ? TAR_BAD_LINK : TAR_OK;
}

static enum tar_error resolve_link(struct resolved *resolved, const struct headers *headers,
                                   const struct tar_header *header)
{
    const char *link = NULL;
    const enum tar_type type = resolved->entry.type;
    enum tar_error error = link_text(headers, header, &link);
    resolved->entry.link = NULL;
    if (type != TAR_HARDLINK && type != TAR_SYMLINK) {
        /* containers/storage writes whiteouts that are hard links as files with a target. */
        bool harmless = whiteout_parse(resolved->entry.path, NULL) != WHITEOUT_NONE;
        return (link || error != TAR_OK) && !harmless ? TAR_NOT_A_LINK : TAR_OK;
    }
    if (error != TAR_OK)
        return error;
    size_t length = link ? strlen(link) : 0;
    if (length == 0 || (type == TAR_SYMLINK && length >= PATH_MAX))
        return TAR_BAD_LINK;
    if (type == TAR_HARDLINK)
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

static enum tar_error resolve_owner(struct resolved *resolved, const struct tar_pax *pax,
                                    const struct tar_header *header)
{
    const uint64_t uid = pax->given & TAR_PAX_UID ? pax->uid : header->uid;
    const uint64_t gid = pax->given & TAR_PAX_GID ? pax->gid : header->gid;
    if (header->uid > UINT32_MAX || header->gid > UINT32_MAX) /* some readers refuse them */
        return TAR_BAD_ID;
    enum tar_error error = resolve_id(uid, &resolved->entry.uid);
    return error != TAR_OK ? error : resolve_id(gid, &resolved->entry.gid);
}

/* Few readers know device numbers in pax headers. The kernel's have 12 and 20 bits, so the header
 * block can hold them. */
static enum tar_error resolve_device(struct resolved *resolved, const struct tar_pax *pax,
                                     const struct tar_header *header)
{
    resolved->entry.major = resolved->entry.minor = 0;
    if (resolved->entry.type != TAR_CHAR && resolved->entry.type != TAR_BLOCK)
        return TAR_OK;
    if ((pax->given & TAR_PAX_MAJOR && pax->major != header->major) ||
        (pax->given & TAR_PAX_MINOR && pax->minor != header->minor))
        return TAR_TWO_DEVICES;
    resolved->entry.major = (uint32_t)header->major;
    resolved->entry.minor = (uint32_t)header->minor;
    return header->major < 1 << 12 && header->minor < 1 << 20 ? TAR_OK : TAR_BAD_NUMBER;
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

static enum tar_error resolve_xattrs(struct resolved *resolved, const struct tar_pax *pax)
{
    struct xattrs *list = &resolved->entry.xattrs;
    xattrs_clear(list);
    resolved->entry.named_acls = resolved->entry.nfs4_acls = 0;
    if (resolved->entry.type == TAR_HARDLINK) /* the inode's own entry has them */
        return TAR_OK;
    if (xattrs_copy(list, &pax->xattrs) != 0)
        return TAR_NO_MEMORY;
    if (!xattrs_finish(list))
        return TAR_TWO_VALUES;
    for (size_t i = list->count; i-- > 0;) {
        if (acl_is_other_form(xattrs_get(list, i).name))
            xattrs_remove(list, i);
    }
    resolved->entry.named_acls = named_acls(pax, list);
    resolved->entry.nfs4_acls = pax->nfs4;
    return acls_check(list, resolved->entry.type);
}

/* Finds where a sparse file's map is and how large the file really is. */
static enum tar_error resolve_sparse(struct resolved *resolved, const struct tar_pax *pax,
                                     const struct tar_header *header)
{
    const bool in_header = pax->given & (TAR_PAX_SPARSE_PAIRS | TAR_PAX_SPARSE_MAP);
    if (header->type == 'S') {
        resolved->sparse = SPARSE_GNU;
        return TAR_OK;
    }
    if (!(pax->given & TAR_PAX_SPARSE))
        return TAR_OK;
    if (pax->sparse_size > INT64_MAX)
        return TAR_BAD_SPARSE;
    resolved->sparse = in_header ? SPARSE_HEADER : SPARSE_TEXT;
    resolved->map = in_header ? &pax->sparse : NULL;
    resolved->entry.size = pax->sparse_size;
    return in_header ? tar_sparse_check(resolved->map, pax->sparse_size, resolved->stored) : TAR_OK;
}

/* The largest size that a header block can hold. */
#define SIZE_MAX_OCTAL UINT64_C(077777777777)

/* Some readers look at the magic, and at the type, to know where the map of a sparse file is.
 * Behind a pax header, also a global one, some do not find an old one. */
static enum tar_error sparse_type_check(const struct headers *headers,
                                        const struct tar_header *header)
{
    const bool pax = headers->has_pax || headers->has_global;
    if (header->type == 'S')
        return header->dialect == TAR_GNU && !pax ? TAR_OK : TAR_SPARSE_TYPE;
    if (!(headers->pax.given & TAR_PAX_SPARSE))
        return TAR_OK;
    return header->dialect == TAR_USTAR && header->type == '0' ? TAR_OK : TAR_SPARSE_TYPE;
}

/* A size in a pax header is for what the header block cannot hold. Where both differ, a reader that
 * does not know pax sees other entries; so do readers that take it for that of a sparse file. */
static enum tar_error size_check(const struct tar_pax *pax, const struct tar_header *header)
{
    if (!(pax->given & TAR_PAX_SIZE) || pax->size > SIZE_MAX_OCTAL)
        return TAR_OK;
    return pax->size == header->size && !(pax->given & TAR_PAX_SPARSE) ? TAR_OK : TAR_TWO_SIZES;
}

/* Many writers repeat the size of the file in the header of its hard links, without content;
 * reader.c checks that none follows. With a size in a pax header, GNU tar and libarchive expect
 * content, and Go does not. */
static enum tar_error resolve_link_size(struct resolved *resolved, bool in_pax)
{
    resolved->sized_link = resolved->stored > 0;
    resolved->stored = 0;
    return in_pax && resolved->sized_link ? TAR_LINK_CONTENT : TAR_OK;
}

static enum tar_error resolve_content(struct resolved *resolved, const struct headers *headers,
                                      const struct tar_header *header)
{
    const struct tar_pax *pax = &headers->pax;
    resolved->stored = pax->given & TAR_PAX_SIZE ? pax->size : header->size;
    resolved->entry.size = 0;
    resolved->sized_link = false;
    resolved->sparse = SPARSE_NONE;
    resolved->map = NULL;
    if (resolved->stored > INT64_MAX - TAR_BLOCK_SIZE)
        return TAR_BAD_SIZE;
    enum tar_error error = sparse_type_check(headers, header);
    if (error == TAR_OK)
        error = size_check(pax, header);
    if (error != TAR_OK)
        return error;
    if (resolved->entry.type == TAR_FILE) {
        resolved->entry.size = resolved->stored;
        return resolve_sparse(resolved, pax, header);
    }
    if (resolved->entry.type == TAR_HARDLINK)
        return resolve_link_size(resolved, pax->given & TAR_PAX_SIZE);
    /* All readers ignore the size that the header block of a directory has. Of other types, and in
     * a pax header, some expect content. */
    bool ignored =
        header->type == '5' && !(pax->given & TAR_PAX_SIZE) && header->size <= SIZE_MAX_OCTAL;
    error = resolved->stored > 0 && !ignored ? TAR_NO_CONTENT : TAR_OK;
    resolved->stored = 0;
    return error;
}

static struct tar_time resolve_time(const struct headers *headers, const struct tar_header *header)
{
    if (headers->pax.given & TAR_PAX_MTIME)
        return headers->pax.mtime;
    return headers->has_time ? headers->time : (struct tar_time){.seconds = header->mtime};
}

enum tar_error precedence_resolve(struct resolved *resolved, const struct headers *headers,
                                  const struct tar_header *header)
{
    const char *path = path_text(headers, header);
    const struct tar_pax *pax = &headers->pax;
    resolved->entry.path = *path ? path : header->name;
    enum tar_error error = resolve_type(resolved, header, path);
    if (error == TAR_OK)
        error = names_check(headers, header);
    if (error == TAR_OK)
        error = resolve_path(resolved, path);
    if (error == TAR_OK)
        error = resolve_link(resolved, headers, header);
    if (error == TAR_OK)
        error = resolve_owner(resolved, pax, header);
    if (error == TAR_OK)
        error = resolve_device(resolved, pax, header);
    if (error == TAR_OK)
        error = resolve_content(resolved, headers, header);
    if (error == TAR_OK)
        error = resolve_xattrs(resolved, pax);
    resolved->entry.mode = header->mode;
    resolved->entry.mtime = resolve_time(headers, header);
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
