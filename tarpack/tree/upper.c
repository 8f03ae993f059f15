#include "tree/upper.h"

#include "diag.h"
#include "privilege.h"
#include "tree/override.h"
#include "whiteout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/sysmacros.h>

static bool has_bookkeeping(enum overlay_space space, const struct xattrs *xattrs)
{
    for (size_t i = 0; i < xattrs->count; i++) {
        if (overlay_is_own(space, xattrs_get(xattrs, i).name))
            return true;
    }
    return false;
}

static enum overlay_space space_find(const struct xattrs *root)
{
    if (has_bookkeeping(OVERLAY_TRUSTED, root))
        return OVERLAY_TRUSTED;
    if (has_bookkeeping(OVERLAY_USER, root) || !privilege_sees_trusted())
        return OVERLAY_USER;
    return OVERLAY_TRUSTED;
}

void upper_judge(struct upper *upper, const struct xattrs *root)
{
    struct xattr found;
    upper->space = space_find(root);
    const char *uuid = upper->space == OVERLAY_USER ? "user.overlay.uuid" : "trusted.overlay.uuid";
    upper->kernels = xattrs_find(root, overlay_impure(upper->space), &found) == 0 ||
                     xattrs_find(root, uuid, &found) == 0;
    upper->override = override_find(root);
}

static bool is_aufs(const struct walk_item *item)
{
    static const char *const names[] = {".wh..wh.aufs", ".wh..wh.plnk", ".wh..wh.orph"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (item->depth == 0 && strcmp(item->name, names[i]) == 0)
            return true;
    }
    return false;
}

/* A whiteout has no content. */
static bool is_empty(const struct stat *status)
{
    return (S_ISREG(status->st_mode) && status->st_size == 0) ||
           (S_ISCHR(status->st_mode) && status->st_rdev == makedev(0, 0));
}

/* A whiteout of a name that is there has no meaning, or two. */
static enum status hidden_check(const struct walk_item *item, const char *hidden)
{
    struct stat status;
    if (fstatat(item->parent, hidden, &status, AT_SYMLINK_NOFOLLOW) == 0)
        return diag_error("%s: whites out %s, which is there as well", diag_name(item->path).text,
                          diag_name(hidden).text);
    return errno == ENOENT || errno == ENAMETOOLONG ? STATUS_OK
                                                    : diag_failed(item->path, "look up its name");
}

enum status upper_name(const struct upper *upper, const struct walk_item *item,
                       enum upper_name *name, const char **hidden)
{
    bool directory = S_ISDIR(item->status.st_mode);
    *name = UPPER_NAME;
    if (strncmp(item->name, WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) != 0)
        return STATUS_OK;
    if ((strcmp(item->name, WHITEOUT_OPAQUE_NAME) == 0 || strcmp(item->name, ".wh..opq") == 0) &&
        !directory) {
        *name = UPPER_NAME_OPAQUE;
        return STATUS_OK;
    }
    if (is_aufs(item)) {
        *name = UPPER_NAME_AUFS;
        diag_warn("%s: left out: AUFS metadata", diag_name(item->path).text);
        return STATUS_OK;
    }
    *name = UPPER_NAME_WHITEOUT;
    if (whiteout_parse(item->name, hidden) == WHITEOUT_ENTRY && is_empty(&item->status) &&
        !upper->kernels)
        return hidden_check(item, *hidden);
    return diag_error("%s: a name that begins with " WHITEOUT_PREFIX
                      " would restore as a deletion; --whiteouts=raw keeps it as it is",
                      diag_name(item->path).text);
}

const char *upper_key(const char *name)
{
    const char *hidden = name;
    (void)whiteout_parse(name, &hidden);
    return hidden;
}

static bool value_is(const struct xattr *xattr, const char *text)
{
    return xattr->length == strlen(text) && memcmp(xattr->value, text, xattr->length) == 0;
}

/* After chattr inside the mount, the flags are in this attribute, not on the upper inode. */
static void flags_warn(const char *key, const char *path)
{
    if (strcmp(key, "protattr") == 0)
        diag_warn("%s: its inode flags (immutable, append-only) are left out",
                  diag_name(path).text);
}

/* Refuses attributes that refer to the lower layers, naming the mount option. */
static enum status lower_reference_refuse(const char *key, const char *path)
{
    const char *option = NULL;
    if (strcmp(key, "redirect") == 0)
        option = "redirect_dir";
    else if (strcmp(key, "metacopy") == 0)
        option = "metacopy";
    if (!option)
        return STATUS_OK;
    return diag_error(
        "%s: its content is in a lower layer (overlay.%s, from the mount option %s=on)",
        diag_name(path).text, key, option);
}

/* Besides the attribute, fuse-overlayfs marks an opaque directory by files in it. A directory that
 * may not be searched has none: its entries cannot be packed either. */
static enum status marker_find(const struct walk_item *item, bool *found)
{
    static const char *const markers[] = {WHITEOUT_OPAQUE_NAME, ".wh..opq"};
    struct stat status;
    *found = false;
    for (size_t i = 0; i < sizeof markers / sizeof markers[0] && !*found; i++) {
        if (fstatat(item->fd, markers[i], &status, AT_SYMLINK_NOFOLLOW) == 0) {
            *found = !S_ISDIR(status.st_mode);
        } else if (errno != ENOENT && errno != EACCES) {
            return diag_errno("%s: cannot look up %s in it", diag_name(item->path).text,
                              markers[i]);
        }
    }
    return STATUS_OK;
}

static enum status directory_kind(enum overlay_space space, const struct walk_item *item,
                                  const struct xattrs *xattrs, enum upper_kind *kind)
{
    struct xattr opaque;
    bool marked = false;
    if (xattrs_find(xattrs, overlay_opaque(space), &opaque) == 0) {
        *kind = value_is(&opaque, "x") ? UPPER_XWHITEOUTS : UPPER_OPAQUE;
        if (*kind == UPPER_XWHITEOUTS || value_is(&opaque, "y"))
            return STATUS_OK;
    }
    enum status status = marker_find(item, &marked);
    *kind = marked ? UPPER_OPAQUE : UPPER_ENTRY;
    return status;
}

static enum status kind_find(enum overlay_space space, const struct walk_item *item,
                             enum upper_kind above, const struct xattrs *xattrs,
                             enum upper_kind *kind)
{
    const struct stat *status = &item->status;
    struct xattr whiteout;
    *kind = UPPER_ENTRY;
    if (S_ISDIR(status->st_mode))
        return directory_kind(space, item, xattrs, kind);
    bool hidden = above == UPPER_XWHITEOUTS && S_ISREG(status->st_mode) && status->st_size == 0 &&
                  xattrs_find(xattrs, overlay_whiteout(space), &whiteout) == 0;
    if (hidden || (S_ISCHR(status->st_mode) && status->st_rdev == makedev(0, 0)))
        *kind = UPPER_WHITEOUT;
    return STATUS_OK;
}

/* Whether the attribute is left out. Beside those of the mount's own namespace, these are stale
 * trusted ones, which would take effect where the layer is restored. user.overlay.* that the mount
 * does not use may be set by anyone, and is an ordinary attribute. */
static bool is_stripped(enum overlay_space space, const char *name)
{
    if (strncmp(name, "user.fuseoverlayfs.", strlen("user.fuseoverlayfs.")) == 0)
        return true;
    return overlay_is_own(space, name) || overlay_is_own(OVERLAY_TRUSTED, name);
}

/* Adds the attribute under its name inside the mount, with one "overlay." less. */
static int add_unescaped(enum overlay_space space, const struct xattr *xattr, struct xattrs *list)
{
    const char *key = overlay_key(space, xattr->name);
    if (!key)
        return xattrs_add(list, xattr->name, strlen(xattr->name), xattr->value, xattr->length);
    struct buf name = {0};
    int result = buf_append_text(&name, overlay_prefix(space));
    if (result == 0)
        result = buf_append_text(&name, overlay_unescape(key));
    if (result == 0)
        result = xattrs_add(list, name.bytes, name.length, xattr->value, xattr->length);
    buf_free(&name);
    return result;
}

/* An opaque attribute in the namespace that is not interpreted must not pass silently: if it is the
 * right one, the layer would show what the container deleted. */
static enum status other_mark_check(enum overlay_space space, const struct walk_item *item,
                                    const struct xattrs *xattrs)
{
    struct xattr mark;
    enum overlay_space other = space == OVERLAY_USER ? OVERLAY_TRUSTED : OVERLAY_USER;
    if (!S_ISDIR(item->status.st_mode) || xattrs_find(xattrs, overlay_opaque(other), &mark) != 0 ||
        !value_is(&mark, "y"))
        return STATUS_OK;
    if (other == OVERLAY_TRUSTED)
        return diag_error(
            "%s: is marked by %s, but the root of the tree has user.overlay.* attributes, as for a "
            "mount with the option userxattr; remove the attributes that are wrong",
            diag_name(item->path).text, mark.name);
    diag_warn("%s: %s is packed as an ordinary attribute: the tree does not look like the upper "
              "directory of a mount with the option userxattr",
              diag_name(item->path).text, mark.name);
    return STATUS_OK;
}

static enum status overlay_xattrs_remove(enum overlay_space space, const char *path,
                                         struct xattrs *xattrs)
{
    struct xattrs kept = {0};
    for (size_t i = 0; i < xattrs->count; i++) {
        struct xattr xattr = xattrs_get(xattrs, i);
        const char *key = overlay_key(space, xattr.name);
        enum status status = key ? lower_reference_refuse(key, path) : STATUS_OK;
        if (key)
            flags_warn(key, path);
        if (status == STATUS_OK && !is_stripped(space, xattr.name) &&
            add_unescaped(space, &xattr, &kept) != 0)
            status = diag_no_memory();
        if (status != STATUS_OK) {
            xattrs_free(&kept);
            return status;
        }
    }
    xattrs_finish(&kept);
    xattrs_free(xattrs);
    *xattrs = kept;
    return STATUS_OK;
}

static bool has_overlay_xattrs(enum overlay_space space, const struct xattrs *xattrs)
{
    for (size_t i = 0; i < xattrs->count; i++) {
        const char *name = xattrs_get(xattrs, i).name;
        if (overlay_key(space, name) || is_stripped(space, name))
            return true;
    }
    return false;
}

enum status upper_interpret(enum overlay_space space, const struct walk_item *item,
                            enum upper_kind above, struct xattrs *xattrs, enum upper_kind *kind)
{
    enum status status = kind_find(space, item, above, xattrs, kind);
    if (status == STATUS_OK)
        status = other_mark_check(space, item, xattrs);
    if (status != STATUS_OK)
        return status;
    return has_overlay_xattrs(space, xattrs) ? overlay_xattrs_remove(space, item->path, xattrs)
                                             : STATUS_OK;
}
