#include "tree/parts.h"

#include "diag.h"
#include "place/openat2.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
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
    return result == STATUS_OK ? layer_links_add(&tree->links, path, target) : result;
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
            return STATUS_OK; /* it already is that link */
        result = room_make(tree, name, path, "create hard link");
    }
    return result;
}

enum status tree_hardlink(struct tree *tree, const char *name, const char *path, const char *target)
{
    /* The target may be waiting for the crew. */
    enum status settled = crew_settle(&tree->crew);
    if (settled != STATUS_OK)
        return settled;
    const char *old = NULL;
    int parent = openat2_parent(tree->cursor.dirs.levels[0].fd, target, &old);
    bool missing = parent < 0 ? openat2_is_missing(errno) : !is_there(parent, old);
    enum status status = STATUS_OK;
    if (!missing && parent < 0)
        status = diag_failed(target, "find the link's target");
    else if (!missing)
        status = target_link(tree, parent, old, name, path, target);
    else if (left_out_has(&tree->left_out, target))
        status = link_leave_out(tree, path, target);
    else if (tree->options.form == TREE_LAYER)
        status = link_keep(tree, name, path, target);
    else
        status = target_refuse(path, target, "does not exist");
    stream_close(parent);
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
