#include "content/source.h"

#include "diag.h"

#include <errno.h>
#include <unistd.h>

struct source source_make(int fd, const struct stat *status, bool live)
{
    return (struct source){.fd = fd,
                           .size = status->st_size,
                           .mtime = status->st_mtim,
                           .ctime = status->st_ctim,
                           .live = live};
}

size_t source_read(struct source *source, void *space, size_t room, off_t offset)
{
    ssize_t got = 0;
    do
        got = pread(source->fd, space, room, offset);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        source->error = errno;
    source->shrank = got == 0;
    return got > 0 ? (size_t)got : 0;
}

static bool is_same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

void source_check(struct source *source)
{
    struct stat after;
    if (source->error != 0 || source->shrank)
        return;
    if (fstat(source->fd, &after) != 0) {
        source->error = errno;
        /* Removed on a network file system, after all of it was read. */
        source->vanished = source->live && errno == ESTALE;
        return;
    }
    source->shrank = after.st_size < source->size;
    source->grew = after.st_size > source->size;
    source->changed =
        !is_same_time(after.st_mtim, source->mtime) || !is_same_time(after.st_ctim, source->ctime);
}

enum status source_report(const struct source *source, const char *path)
{
    if (source->vanished) {
        diag_warn("%s: vanished while it was being read", diag_name(path).text);
        return STATUS_OK;
    }
    if (source->error != 0) {
        errno = source->error;
        return diag_failed(path, "read");
    }
    if (source->shrank)
        return diag_error("%s: shrank while it was being read", diag_name(path).text);
    if (!source->grew && !source->changed)
        return STATUS_OK;
    const char *grew = source->grew ? "grew" : "changed";
    if (!source->live)
        return diag_error("%s: %s while it was being read; --live makes this a warning",
                          diag_name(path).text, grew);
    diag_warn("%s: %s while it was being read", diag_name(path).text, grew);
    return STATUS_OK;
}
