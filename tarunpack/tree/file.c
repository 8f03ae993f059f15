#include "tree/file.h"

#include "diag.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The unit of holes: the usual block size of file systems. */
#define HOLE_UNIT 4096

/* Writing to disk starts after every WRITE_BACK_STEP bytes, and at the end of files of at least
 * WRITE_BACK_FILE bytes. */
#define WRITE_BACK_STEP ((uint64_t)8 << 20)
#define WRITE_BACK_FILE ((uint64_t)1 << 20)

int file_create(struct file *file, const struct file_rules *rules, int parent, const char *name,
                const char *path, uint64_t size, const struct meta *meta,
                const struct xattrs *xattrs)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    /* Most files get their mode here and need no chmod(2); the others get it last. */
    mode_t mode = meta_mode_is_final(rules->policy, meta, xattrs) ? meta->mode : 0600;
    *file = (struct file){.rules = rules, .path = path, .size = size, .mode = mode};
    file->fd = openat(parent, name, flags, mode);
    return file->fd >= 0 ? 0 : -1;
}

static bool is_zero(const char *bytes, size_t length)
{
    return bytes[0] == '\0' && memcmp(bytes, bytes + 1, length - 1) == 0;
}

/* The length of the run of zero units (`zeros`), or of other units, that begins at `bytes`, which
 * belongs at `offset`. The two parts of a unit split across buffers count separately: buffers may
 * end anywhere, and otherwise each boundary would leave a block in the hole. */
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

/* Starting early shortens the final sync. Only a hint, so failure does not matter. */
static void write_back(struct file *file, uint64_t least)
{
    if (!file->rules->sync || file->end - file->sent < least)
        return;
    (void)sync_file_range(file->fd, (off_t)file->sent, (off_t)(file->end - file->sent),
                          SYNC_FILE_RANGE_WRITE);
    file->sent = file->end;
}

static enum status range_write(struct file *file, uint64_t offset, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t put = pwrite(file->fd, bytes, length, (off_t)offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return diag_failed(file->path, "write");
        bytes += put;
        offset += (uint64_t)put;
        length -= (size_t)put;
        file->end = offset;
    }
    write_back(file, WRITE_BACK_STEP);
    return STATUS_OK;
}

/* Writes zeros from the end of the data up to `end`. */
static enum status zeros_write(struct file *file, uint64_t end)
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

enum status file_write(struct file *file, uint64_t offset, const char *bytes, size_t length)
{
    if (file->rules->no_holes) {
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

enum status file_close(struct file *file, const struct meta *meta, const struct xattrs *xattrs)
{
    struct meta_inode inode = {.fd = file->fd, .path = file->path, .mode = file->mode};
    enum status status = STATUS_OK;
    if (file->rules->no_holes)
        status = zeros_write(file, file->size);
    if (status == STATUS_OK && file->end < file->size &&
        ftruncate(file->fd, (off_t)file->size) != 0)
        status = diag_failed(file->path, "extend");
    if (status == STATUS_OK)
        status = meta_apply(file->rules->policy, &inode, meta, xattrs);
    if (file->size >= WRITE_BACK_FILE)
        write_back(file, 1);
    if (close(file->fd) != 0 && status == STATUS_OK)
        status = diag_failed(file->path, "close");
    file->fd = -1;
    return status;
}

void file_abandon(struct file *file)
{
    stream_close(file->fd);
    file->fd = -1;
}
