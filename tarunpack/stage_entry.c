/* The part of stage.h that makes entries other than directories. */
#include "stage.h"

#include "diag.h"
#include "marks.h"
#include "merge/merge.h"
#include "openat2.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status failed(const char *path, const char *what)
{
    diag_errno("%s: cannot %s", diag_name(path).text, what);
    return STATUS_SYSTEM;
}

static struct meta_inode inode_here(const struct stage *stage, const char *name, const char *path)
{
    return (struct meta_inode){
        .fd = -1, .parent = dirs_fd(&stage->dirs), .name = name, .path = path};
}

enum status stage_symlink(struct stage *stage, const char *name, const char *path,
                          const char *target, const struct meta *meta, const struct xattrs *xattrs)
{
    enum status settled = stage_settle(stage, name);
    if (settled != STATUS_OK)
        return settled;
    int here = dirs_fd(&stage->dirs);
    int result = symlinkat(target, here, name);
    if (result != 0 && errno == EEXIST) {
        enum status status = stage_make_room(stage, name, path);
        if (status != STATUS_OK)
            return status;
        result = symlinkat(target, here, name);
    }
    if (result != 0)
        return failed(path, "create symbolic link");
    struct meta_inode inode = inode_here(stage, name, path);
    inode.is_link = true;
    return meta_apply(&stage->policy, &inode, meta, xattrs);
}

enum status stage_special(struct stage *stage, const char *name, const char *path, mode_t type,
                          dev_t device, const struct meta *meta, const struct xattrs *xattrs)
{
    int here = dirs_fd(&stage->dirs);
    if (type != S_IFIFO && stage->skip_devices) {
        stage->left_devices = true;
        return STATUS_OK;
    }
    enum status settled = stage_settle(stage, name);
    if (settled != STATUS_OK)
        return settled;
    int result = mknodat(here, name, type | meta->mode, device);
    if (result != 0 && errno == EEXIST) {
        enum status status = stage_make_room(stage, name, path);
        if (status != STATUS_OK)
            return status;
        result = mknodat(here, name, type | meta->mode, device);
    }
    if (result != 0 && errno == EPERM && stage->lenient_devices && type != S_IFIFO) {
        stage->left_devices = true;
        return STATUS_OK;
    }
    if (result != 0)
        return failed(path, type == S_IFIFO ? "create fifo" : "create device");
    struct meta_inode inode = inode_here(stage, name, path);
    inode.created = meta->mode;
    return meta_apply(&stage->policy, &inode, meta, xattrs);
}

/* The target is not in the layer: the merge may find it below. The link is made then. */
static enum status link_keep(struct stage *stage, const char *name, const char *path,
                             const char *target)
{
    struct stat status;
    struct buf *text = &stage->links_text;
    if (fstatat(dirs_fd(&stage->dirs), name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
        enum status result = stage_make_room(stage, name, path);
        if (result != STATUS_OK)
            return result;
    } else if (errno != ENOENT) {
        return failed(path, "read its status");
    }
    if (buf_append(text, path, strlen(path) + 1) != 0 ||
        buf_append(text, target, strlen(target) + 1) != 0) {
        diag_error("out of memory");
        return STATUS_SYSTEM;
    }
    return text->length >= STREAM_CHUNK ? stage_links_flush(stage) : STATUS_OK;
}

/* What keeps an entry from being a link's target. */
static enum status target_refuse(struct stage *stage, const char *path, const char *target,
                                 const char *why)
{
    if (stage->left_devices) {
        diag_warn("%s: left out, it links to %s", diag_name(path).text, diag_name(target).text);
        return STATUS_OK;
    }
    diag_error("%s: links to %s, which %s", diag_name(path).text, diag_name(target).text, why);
    return STATUS_ARCHIVE;
}

static bool is_there(int parent, const char *name)
{
    struct stat status;
    return fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

static enum status target_link(struct stage *stage, int parent, const char *old, const char *name,
                               const char *path, const char *target)
{
    int here = dirs_fd(&stage->dirs);
    struct stat status, standing;
    bool deleted = false;
    if (fstatat(parent, old, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        marks_is_whiteout(stage, parent, old, &status, &deleted) != 0)
        return failed(target, "read its status");
    if (S_ISDIR(status.st_mode))
        return target_refuse(stage, path, target, "is a directory");
    if (deleted)
        return target_refuse(stage, path, target, "is deleted");
    if (linkat(parent, old, here, name, 0) == 0)
        return STATUS_OK;
    if (errno != EEXIST)
        return failed(path, "create hard link");
    if (fstatat(here, name, &standing, AT_SYMLINK_NOFOLLOW) == 0 &&
        standing.st_ino == status.st_ino && standing.st_dev == status.st_dev)
        return STATUS_OK; /* it is that link already */
    enum status result = stage_make_room(stage, name, path);
    if (result != STATUS_OK)
        return result;
    return linkat(parent, old, here, name, 0) == 0 ? STATUS_OK : failed(path, "create hard link");
}

enum status stage_hardlink(struct stage *stage, const char *name, const char *path,
                           const char *target)
{
    /* The target may be among those that are not made yet. */
    enum status settled = crew_settle(&stage->crew);
    if (settled != STATUS_OK)
        return settled;
    const char *old = NULL;
    int parent = openat2_parent(stage->dirs.levels[0].fd, target, &old);
    bool missing = parent < 0 ? openat2_is_missing(errno) : !is_there(parent, old);
    if (missing) {
        if (parent >= 0)
            close(parent);
        return stage->form == STAGE_LAYER ? link_keep(stage, name, path, target)
                                          : target_refuse(stage, path, target, "is not there");
    }
    if (parent < 0)
        return failed(target, "find the link's target");
    enum status status = target_link(stage, parent, old, name, path, target);
    close(parent);
    return status;
}

bool stage_takes_small(const struct stage *stage, const char *name, uint64_t size)
{
    return stage->crew.count > 0 && size <= CREW_FILE_MAX &&
           dirtree_find(&stage->tree, stage_here(stage), name, strlen(name)) == DIRTREE_NONE;
}

enum status stage_small_file(struct stage *stage, struct crew_file *file)
{
    return crew_give(&stage->crew, file, stage_here(stage), dirs_fd(&stage->dirs));
}

enum status stage_file(struct stage *stage, struct file *file, const char *name, const char *path,
                       uint64_t size, const struct meta *meta, const struct xattrs *xattrs)
{
    enum status settled = stage_settle(stage, name);
    if (settled != STATUS_OK)
        return settled;
    int here = dirs_fd(&stage->dirs);
    int result = file_create(file, &stage->rules, here, name, path, size, meta, xattrs);
    if (result != 0 && errno == EEXIST) {
        enum status status = stage_make_room(stage, name, path);
        if (status != STATUS_OK)
            return status;
        result = file_create(file, &stage->rules, here, name, path, size, meta, xattrs);
    }
    return result == 0 ? STATUS_OK : failed(path, "create");
}
