#include "tree/marks.h"

#include "diag.h"
#include "names.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

int marks_is_whiteout(const struct marks *marks, int here, const char *name,
                      const struct stat *status, bool *is)
{
    *is = S_ISCHR(status->st_mode) && status->st_rdev == makedev(0, 0);
    if (*is || !marks->xwhiteouts || !S_ISREG(status->st_mode) || status->st_size != 0)
        return 0;
    const char *mark = overlay_whiteout(marks->space);
    *is = lgetxattr(dirs_magic(here, name).path, mark, NULL, 0) >= 0;
    return *is || errno == ENODATA ? 0 : -1;
}

/* On an overlay a char 0:0 node cannot be created. Since Linux 6.7 an attribute has the same
 * effect, in a directory whose opaque attribute is "x". */
static enum status xwhiteout_make(const struct marks *marks, const struct cursor *cursor,
                                  const char *name, const char *path)
{
    struct stat status;
    const int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(cursor_fd(cursor), name, flags, 0600);
    if (fd < 0)
        return diag_failed(path, "create whiteout");
    enum status result = STATUS_OK;
    struct meta_inode inode = {.fd = fd, .path = path};
    struct xattr mark = {.name = overlay_whiteout(marks->space), .value = "y", .length = 1};
    /* An entry with content must not be marked. */
    if (fstat(fd, &status) != 0)
        result = diag_failed(path, "read its status");
    else if (status.st_size == 0)
        result = meta_set_xattr(&inode, &mark);
    close(fd);
    cursor_node(cursor)->xwhiteouts = true;
    return result;
}

/* An existing entry stays; a directory becomes opaque, since it must not merge with one in
 * the lower layers. */
static enum status standing_mark(struct cursor *cursor, const char *name, const struct stat *status)
{
    if (!S_ISDIR(status->st_mode))
        return STATUS_OK;
    uint32_t node = cursor_add(cursor, name);
    if (node == DIRTREE_NONE)
        return diag_no_memory();
    dirtree_node(&cursor->made, node)->opaque = true;
    dirtree_node(&cursor->made, node)->whited_out = true;
    return STATUS_OK;
}

enum status marks_whiteout(struct marks *marks, struct cursor *cursor, const char *name,
                           const char *path)
{
    int here = cursor_fd(cursor);
    struct stat status;
    if (fstatat(here, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
        return standing_mark(cursor, name, &status);
    if (errno != ENOENT)
        return diag_failed(path, "read its status");
    if (!marks->xwhiteouts && mknodat(here, name, S_IFCHR, makedev(0, 0)) == 0)
        return STATUS_OK;
    if (!marks->xwhiteouts && errno != EPERM)
        return diag_failed(path, "create whiteout");
    marks->xwhiteouts = true;
    return xwhiteout_make(marks, cursor, name, path);
}

enum status marks_opaque(const struct marks *marks, const struct cursor *cursor, const char *path)
{
    if (marks->space == OVERLAY_TRUSTED && !marks->trusted)
        return diag_error("%s: only root can set trusted.overlay.opaque (--userxattr sets "
                          "user.overlay.opaque)",
                          diag_name(path).text);
    cursor_node(cursor)->opaque = true;
    return STATUS_OK;
}

static int xwhiteout_remove(const struct marks *marks, int here, const char *name)
{
    struct stat status;
    bool is = false;
    if (fstatat(here, name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        marks_is_whiteout(marks, here, name, &status, &is) != 0)
        return -1;
    return is ? unlinkat(here, name, 0) : 0;
}

/* In an opaque directory an overlay mount would show xwhiteouts as empty files. */
static enum status xwhiteouts_remove(const struct marks *marks, const struct meta_inode *inode)
{
    struct names names = {0};
    enum status result = STATUS_OK;
    if (names_read_in(&names, inode->fd, ".") != 0)
        result = diag_failed(inode->path, "read directory");
    for (size_t i = 0; result == STATUS_OK && i < names.count; i++) {
        if (xwhiteout_remove(marks, inode->fd, names_text(&names, i)) != 0)
            result = diag_failed(inode->path, "remove the whiteouts in it");
    }
    names_free(&names);
    return result;
}

enum status marks_finish(const struct marks *marks, const struct dirnode *node,
                         const struct meta_inode *inode)
{
    if (!node->opaque && !node->xwhiteouts)
        return STATUS_OK;
    if (node->opaque && node->xwhiteouts) {
        enum status status = xwhiteouts_remove(marks, inode);
        if (status != STATUS_OK)
            return status;
    }
    struct xattr mark = {
        .name = overlay_opaque(marks->space), .value = node->opaque ? "y" : "x", .length = 1};
    return meta_set_xattr(inode, &mark);
}
