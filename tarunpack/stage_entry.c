/* The part of stage.h that makes entries other than directories. */
#include "stage.h"

#include "diag.h"
#include "marks.h"
#include "merge.h"
#include "openat2.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The unit of holes: a page, the usual block of file systems. */
#define HOLE_UNIT 4096

/* How much of a file is written before its way to the disk begins, and how much makes a file large.
 */
#define WRITE_BACK_STEP ((uint64_t)8 << 20)
#define WRITE_BACK_FILE ((uint64_t)1 << 20)

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
    if (fstatat(parent, old, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return failed(target, "read its status");
    if (S_ISDIR(status.st_mode))
        return target_refuse(stage, path, target, "is a directory");
    if (marks_is_whiteout(stage, parent, old, &status))
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
    const char *slash = strrchr(target, '/');
    const char *old = slash ? slash + 1 : target;
    int parent =
        openat2_directory(stage->dirs.levels[0].fd, target, slash ? (size_t)(slash - target) : 0);
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

enum status stage_file_open(struct stage *stage, struct stage_file *file, const char *name,
                            const char *path, uint64_t size, const struct meta *meta,
                            const struct xattrs *xattrs)
{
    int here = dirs_fd(&stage->dirs);
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    /* One call for most files; the others get their mode last. */
    mode_t mode = meta_mode_is_final(&stage->policy, meta, xattrs) ? meta->mode : 0600;
    *file = (struct stage_file){.stage = stage, .path = path, .size = size, .created = mode};
    file->fd = openat(here, name, flags, mode);
    if (file->fd < 0 && errno == EEXIST) {
        enum status status = stage_make_room(stage, name, path);
        if (status != STATUS_OK)
            return status;
        file->fd = openat(here, name, flags, mode);
    }
    return file->fd >= 0 ? STATUS_OK : failed(path, "create");
}

static bool is_zero(const char *bytes, size_t length)
{
    return bytes[0] == '\0' && memcmp(bytes, bytes + 1, length - 1) == 0;
}

/* How many bytes from `bytes` on, which go to `offset`, are units of zeros (`zeros`), or units that
 * hold something else. Of a unit that goes on in the next buffer, each part counts for itself:
 * buffers end anywhere, and every one would leave a block in the hole. */
static size_t run_length(const char *bytes, size_t length, uint64_t offset, bool zeros)
{
    size_t run = 0;
    while (run < length) {
        size_t unit = HOLE_UNIT - (size_t)((offset + run) % HOLE_UNIT);
        if (unit > length - run)
            unit = length - run;
        if (is_zero(bytes + run, unit) != zeros)
            break;
        run += unit;
    }
    return run;
}

/* The final sync waits for less if the disk starts early; small files it gets soon enough. Only a
 * hint: its failure means nothing. */
static void write_back(struct stage_file *file, uint64_t least)
{
    if (!file->stage->sync || file->end - file->sent < least)
        return;
    (void)sync_file_range(file->fd, (off_t)file->sent, (off_t)(file->end - file->sent),
                          SYNC_FILE_RANGE_WRITE);
    file->sent = file->end;
}

static enum status range_write(struct stage_file *file, uint64_t offset, const char *bytes,
                               size_t length)
{
    while (length > 0) {
        ssize_t put = pwrite(file->fd, bytes, length, (off_t)offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return failed(file->path, "write");
        bytes += put;
        offset += (uint64_t)put;
        length -= (size_t)put;
        file->end = offset;
    }
    write_back(file, WRITE_BACK_STEP);
    return STATUS_OK;
}

/* Writes zeros from the end of what was written up to `end`. */
static enum status zeros_write(struct stage_file *file, uint64_t end)
{
    static const char zeros[HOLE_UNIT];
    enum status status = STATUS_OK;
    while (status == STATUS_OK && file->end < end) {
        uint64_t missing = end - file->end;
        size_t length = missing < sizeof zeros ? (size_t)missing : sizeof zeros;
        status = range_write(file, file->end, zeros, length);
    }
    return status;
}

enum status stage_file_write(struct stage_file *file, uint64_t offset, const char *bytes,
                             size_t length)
{
    if (file->stage->no_holes) {
        enum status status = zeros_write(file, offset);
        return status == STATUS_OK ? range_write(file, offset, bytes, length) : status;
    }
    while (length > 0) {
        size_t zeros = run_length(bytes, length, offset, true);
        bytes += zeros;
        offset += zeros;
        length -= zeros;
        size_t data = run_length(bytes, length, offset, false);
        enum status status = range_write(file, offset, bytes, data);
        if (status != STATUS_OK)
            return status;
        bytes += data;
        offset += data;
        length -= data;
    }
    return STATUS_OK;
}

enum status stage_file_close(struct stage_file *file, const struct meta *meta,
                             const struct xattrs *xattrs)
{
    struct meta_inode inode = {.fd = file->fd, .path = file->path, .created = file->created};
    enum status status = STATUS_OK;
    if (file->stage->no_holes)
        status = zeros_write(file, file->size);
    if (status == STATUS_OK && file->end < file->size &&
        ftruncate(file->fd, (off_t)file->size) != 0)
        status = failed(file->path, "extend");
    if (status == STATUS_OK)
        status = meta_apply(&file->stage->policy, &inode, meta, xattrs);
    if (file->size >= WRITE_BACK_FILE)
        write_back(file, 1);
    if (close(file->fd) != 0 && status == STATUS_OK)
        status = failed(file->path, "close");
    file->fd = -1;
    return status;
}

void stage_file_abandon(struct stage_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}
