#include "marks.h"

#include "diag.h"
#include "merge/merge.h"
#include "names.h"
#include "whiteout.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

static enum status failed(const char *path, const char *what)
{
    diag_errno("%s: cannot %s", diag_name(path).text, what);
    return STATUS_SYSTEM;
}

int marks_is_whiteout(const struct stage *stage, int here, const char *name,
                      const struct stat *status, bool *is)
{
    *is = stage->form == STAGE_OVERLAY && S_ISCHR(status->st_mode) &&
          status->st_rdev == makedev(0, 0);
    if (*is || stage->form != STAGE_OVERLAY || !stage->xwhiteouts || !S_ISREG(status->st_mode) ||
        status->st_size != 0)
        return 0;
    const char *mark = overlay_whiteout(stage->overlay);
    *is = lgetxattr(dirs_magic(here, name).path, mark, NULL, 0) >= 0;
    return *is || errno == ENODATA ? 0 : -1;
}

static enum status empty_file_make(int here, const char *name, const char *path, int *made)
{
    *made = openat(here, name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    return *made >= 0 ? STATUS_OK : failed(path, "create whiteout");
}

/* In an overlay itself a char 0:0 node can't be made; since Linux 6.7 an attribute says the same,
 * in a directory whose opaque attribute is "x". */
static enum status xwhiteout_make(struct stage *stage, const char *name, const char *path)
{
    int fd = -1;
    struct stat status;
    enum status result = empty_file_make(dirs_fd(&stage->dirs), name, path, &fd);
    if (result != STATUS_OK)
        return result;
    struct meta_inode inode = {.fd = fd, .path = path};
    struct xattr mark = {.name = overlay_whiteout(stage->overlay), .value = "y", .length = 1};
    /* What stands there already, as an entry with content, is not to be marked. */
    if (fstat(fd, &status) != 0)
        result = failed(path, "read its status");
    else if (status.st_size == 0)
        result = meta_set_xattr(&inode, &mark);
    close(fd);
    dirtree_node(&stage->tree, stage_here(stage))->xwhiteouts = true;
    return result;
}

/* What stands at the name stays; a directory hides what it would have merged with. */
static enum status standing_mark(struct stage *stage, const char *name, const struct stat *status)
{
    if (!S_ISDIR(status->st_mode))
        return STATUS_OK;
    uint32_t node = dirtree_add(&stage->tree, stage_here(stage), name, strlen(name));
    if (node == DIRTREE_NONE) {
        diag_error("out of memory");
        return STATUS_SYSTEM;
    }
    dirtree_node(&stage->tree, node)->opaque = true;
    return STATUS_OK;
}

static enum status node_whiteout(struct stage *stage, const char *name, const char *path)
{
    int here = dirs_fd(&stage->dirs);
    struct stat status;
    if (fstatat(here, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
        return standing_mark(stage, name, &status);
    if (errno != ENOENT)
        return failed(path, "read its status");
    if (!stage->xwhiteouts && mknodat(here, name, S_IFCHR, makedev(0, 0)) == 0)
        return STATUS_OK;
    if (!stage->xwhiteouts && errno != EPERM)
        return failed(path, "create whiteout");
    stage->xwhiteouts = true;
    return xwhiteout_make(stage, name, path);
}

static enum status name_mark(int here, const char *name, const char *path)
{
    int fd = -1;
    enum status status = empty_file_make(here, name, path, &fd);
    if (status == STATUS_OK)
        close(fd);
    return status;
}

/* Keeps the name for the merge. */
static enum status layer_whiteout(const struct stage *stage, const char *name, const char *path)
{
    int here = dirs_fd(&stage->dirs);
    if (mkdirat(here, MERGE_GONE, 0700) != 0 && errno != EEXIST)
        return failed(path, "create whiteout");
    int gone = dirs_open(here, MERGE_GONE);
    if (gone < 0)
        return failed(path, "create whiteout");
    enum status status = name_mark(gone, name, path);
    close(gone);
    return status;
}

enum status stage_whiteout(struct stage *stage, const char *name, const char *path)
{
    enum status settled = stage_settle(stage, name);
    if (settled != STATUS_OK)
        return settled;
    switch (stage->form) {
    case STAGE_PLAIN:
        return STATUS_OK;
    case STAGE_OVERLAY:
        return node_whiteout(stage, name, path);
    case STAGE_LAYER:
        break;
    }
    return layer_whiteout(stage, name, path);
}

enum status stage_opaque(struct stage *stage, const char *path)
{
    if (stage->form == STAGE_LAYER)
        return name_mark(dirs_fd(&stage->dirs), WHITEOUT_OPAQUE_NAME, path);
    if (stage->form == STAGE_PLAIN)
        return STATUS_OK;
    if (stage->overlay == OVERLAY_TRUSTED && !stage->policy.trusted) {
        diag_error("%s: only root can set trusted.overlay.opaque (--userxattr marks it for a "
                   "mount with the option userxattr)",
                   diag_name(path).text);
        return STATUS_SYSTEM;
    }
    dirtree_node(&stage->tree, stage_here(stage))->opaque = true;
    return STATUS_OK;
}

static int xwhiteout_remove(const struct stage *stage, int here, const char *name)
{
    struct stat status;
    bool is = false;
    if (fstatat(here, name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        marks_is_whiteout(stage, here, name, &status, &is) != 0)
        return -1;
    return is ? unlinkat(here, name, 0) : 0;
}

/* In an opaque directory marked files would be what they look like: empty files. */
static enum status xwhiteouts_remove(const struct stage *stage, const struct meta_inode *inode)
{
    struct names names = {0};
    enum status result = STATUS_OK;
    if (names_read_in(&names, inode->fd, ".") != 0)
        result = failed(inode->path, "read directory");
    for (size_t i = 0; result == STATUS_OK && i < names.count; i++) {
        if (xwhiteout_remove(stage, inode->fd, names_text(&names, i)) != 0)
            result = failed(inode->path, "remove the whiteouts in it");
    }
    names_free(&names);
    return result;
}

enum status marks_finish(const struct stage *stage, const struct dirnode *node,
                         const struct meta_inode *inode)
{
    if (!node->opaque && !node->xwhiteouts)
        return STATUS_OK;
    if (node->opaque && node->xwhiteouts) {
        enum status status = xwhiteouts_remove(stage, inode);
        if (status != STATUS_OK)
            return status;
    }
    struct xattr mark = {
        .name = overlay_opaque(stage->overlay), .value = node->opaque ? "y" : "x", .length = 1};
    return meta_set_xattr(inode, &mark);
}
