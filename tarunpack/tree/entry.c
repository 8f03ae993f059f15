#include "tree/parts.h"

#include "diag.h"
#include "place/openat2.h"
#include "staging_name.h"
#include "stream.h"
#include "tar_path.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct meta_inode inode_here(const struct tree *tree, const char *name, const char *path)
{
    return (struct meta_inode){
        .fd = -1, .parent = cursor_fd(&tree->cursor), .name = name, .path = path};
}

/* After a creation failed: makes room for another try if the name is taken. */
static enum status room_make(struct tree *tree, const char *name, const char *path,
                             const char *what)
{
    return errno == EEXIST ? tree_make_room(tree, name, path) : diag_failed(path, what);
}

enum status tree_symlink(struct tree *tree, const char *name, const char *path, const char *target,
                         const struct meta *meta, const struct xattrs *xattrs)
{
    enum status status = tree_settle(tree, name);
    while (status == STATUS_OK && symlinkat(target, cursor_fd(&tree->cursor), name) != 0)
        status = room_make(tree, name, path, "create symbolic link");
    if (status != STATUS_OK)
        return status;
    struct meta_inode inode = inode_here(tree, name, path);
    inode.is_link = true;
    return meta_apply(&tree->options.policy, &inode, meta, xattrs);
}

static enum status device_leave_out(struct tree *tree, const char *path)
{
    tree->options.policy.left_devices = true;
    return left_out_add(&tree->left_out, path) == 0 ? STATUS_OK : diag_no_memory();
}

enum status tree_special(struct tree *tree, const char *name, const char *path, mode_t type,
                         dev_t device, const struct meta *meta, const struct xattrs *xattrs)
{
    int here = cursor_fd(&tree->cursor);
    if (type != S_IFIFO && tree->options.skip_devices)
        return device_leave_out(tree, path);
    enum status status = tree_settle(tree, name);
    while (status == STATUS_OK && mknodat(here, name, type | meta->mode, device) != 0) {
        if (errno == EPERM && tree->options.lenient_devices && type != S_IFIFO)
            return device_leave_out(tree, path);
        status = room_make(tree, name, path, type == S_IFIFO ? "create fifo" : "create device");
    }
    if (status != STATUS_OK)
        return status;
    struct meta_inode inode = inode_here(tree, name, path);
    inode.mode = meta->mode;
    return meta_apply(&tree->options.policy, &inode, meta, xattrs);
}

/* The target is not in the layer: lists the link for the merge, which may find it in DIR. */
static enum status link_keep(struct tree *tree, const char *name, const char *path,
                             const char *target)
{
    struct stat status;
    enum status result = STATUS_OK;
    if (fstatat(cursor_fd(&tree->cursor), name, &status, AT_SYMLINK_NOFOLLOW) == 0)
        result = tree_make_room(tree, name, path);
    else if (errno != ENOENT)
        result = diag_failed(path, "read its status");
    struct buf full = {0};
    const char *here = dirs_path(&tree->cursor.dirs);
    if (buf_append_text(&full, here) != 0 || buf_append_text(&full, *here ? "/" : "") != 0 ||
        buf_append_text(&full, name) != 0)
        result = diag_no_memory();
    if (result == STATUS_OK)
        result = layer_links_add(&tree->links, full.bytes, target);
    buf_free(&full);
    return result;
}

/* The target is a device that was left out: leaves out the link, too. */
static enum status link_leave_out(struct tree *tree, const char *path, const char *target)
{
    diag_warn("%s: left out: links to %s", diag_name(path).text, diag_name(target).text);
    return left_out_add(&tree->left_out, path) == 0 ? STATUS_OK : diag_no_memory();
}

static enum status target_refuse(const char *path, const char *target, const char *why)
{
    diag_error("%s: links to %s, which %s", diag_name(path).text, diag_name(target).text, why);
    return STATUS_ARCHIVE;
}

static bool is_there(int parent, const char *name)
{
    struct stat status;
    return fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

static enum status target_link(struct tree *tree, int parent, const char *old, const char *name,
                               const char *path, const char *target)
{
    int here = cursor_fd(&tree->cursor);
    struct stat status, standing;
    bool deleted = false;
    if (fstatat(parent, old, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        tree_is_whiteout(tree, parent, old, &status, &deleted) != 0)
        return diag_failed(target, "read its status");
    if (S_ISDIR(status.st_mode))
        return target_refuse(path, target, "is a directory");
    if (deleted)
        return target_refuse(path, target, "is a whiteout");
    enum status result = STATUS_OK;
    while (result == STATUS_OK && linkat(parent, old, here, name, 0) != 0) {
        if (errno == EEXIST && fstatat(here, name, &standing, AT_SYMLINK_NOFOLLOW) == 0 &&
            standing.st_ino == status.st_ino && standing.st_dev == status.st_dev)
            return STATUS_OK;                          /* it already is that link */
        if (errno == ENOENT && !is_there(parent, old)) /* it was in a directory of that name */
            return target_refuse(path, target, "does not exist");
        result = room_make(tree, name, path, "create hard link");
    }
    return result;
}

/* Links to `target`, whose path is without symbolic links. `*missing` tells that it does not exist
 * in the tree, and nothing was done. */
static enum status link_make(struct tree *tree, const char *name, const char *path,
                             const char *target, bool *missing)
{
    const char *old = NULL;
    int parent = openat2_parent(tree->route.tree, target, &old);
    enum status status = STATUS_OK;
    *missing = parent < 0 ? openat2_is_missing(errno) : !is_there(parent, old);
    if (!*missing)
        status = parent < 0 ? diag_failed(target, "find the link's target")
                            : target_link(tree, parent, old, name, path, target);
    stream_close(parent);
    return status;
}

/* The target, whose path without symbolic links is `real`, is not in the tree. */
static enum status link_without_target(struct tree *tree, const char *name, const char *path,
                                       const char *target, const char *real)
{
    if (left_out_has(&tree->left_out, target))
        return link_leave_out(tree, path, target);
    if (tree->options.form == TREE_LAYER)
        return link_keep(tree, name, path, real);
    return target_refuse(path, target, "does not exist");
}

/* Stores the target's path without symbolic links; `*routed` tells whether there are any. */
static enum status target_route(struct tree *tree, const char *target, struct buf *real,
                                bool *routed)
{
    struct route *route = &tree->route;
    const char *name = tar_path_name(target);
    enum status status =
        route_find(route, target, name == target ? 0 : (size_t)(name - target) - 1);
    *routed = false;
    if (status != STATUS_OK) /* what is wrong with it, link_without_target() says */
        return status == STATUS_ARCHIVE ? STATUS_OK : status;
    if (route->path.length == 0 && staging_name_is(name, STAGING_MERGE))
        return STATUS_OK; /* nor may a link lead to a merge's own files */
    if (buf_append_text(real, route->path.bytes) != 0 ||
        buf_append_text(real, route->path.length > 0 ? "/" : "") != 0 ||
        buf_append_text(real, name) != 0)
        return diag_no_memory();
    *routed = strcmp(real->bytes, target) != 0;
    return STATUS_OK;
}

enum status tree_hardlink(struct tree *tree, const char *name, const char *path, const char *target)
{
    bool missing = false, routed = false;
    struct buf real = {0};
    /* The target may be waiting for the crew. */
    enum status status = crew_settle(&tree->crew);
    if (status == STATUS_OK)
        status = link_make(tree, name, path, target, &missing);
    if (status == STATUS_OK && missing)
        status = target_route(tree, target, &real, &routed);
    if (status == STATUS_OK && routed)
        status = link_make(tree, name, path, real.bytes, &missing);
    if (status == STATUS_OK && missing)
        status = link_without_target(tree, name, path, target, routed ? real.bytes : target);
    buf_free(&real);
    return status;
}

bool tree_takes_small(const struct tree *tree, const char *name, uint64_t size)
{
    return tree->crew.count > 0 && size <= CREW_FILE_MAX &&
           cursor_find(&tree->cursor, name) == DIRTREE_NONE;
}

enum status tree_small_file(struct tree *tree, struct crew_file *file)
{
    return crew_give(&tree->crew, file, cursor_index(&tree->cursor), cursor_fd(&tree->cursor));
}

enum status tree_file(struct tree *tree, struct file *file, const char *name, const char *path,
                      uint64_t size, const struct meta *meta, const struct xattrs *xattrs)
{
    int here = cursor_fd(&tree->cursor);
    enum status status = tree_settle(tree, name);
    while (status == STATUS_OK &&
           file_create(file, &tree->rules, here, name, path, size, meta, xattrs) != 0)
        status = room_make(tree, name, path, "create");
    return status;
}
