#include "content.h"

#include "content/source.h"
#include "diag.h"

#include <errno.h>
#include <unistd.h>

/* Reads the bytes from `offset` up to `end` into the output. */
static enum status range_emit(struct emit *emit, struct scout *scout, const struct walk_item *item,
                              off_t offset, off_t end)
{
    while (offset < end) {
        size_t room = 0;
        void *space = emit_space(emit, &room);
        if (!space)
            return STATUS_SYSTEM;
        if ((off_t)room > end - offset)
            room = (size_t)(end - offset);
        /* The scout only needs the first read of a file. */
        ssize_t got = offset == 0 ? scout_pread(scout, item->fd, space, room, offset)
                                  : pread(item->fd, space, room, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return diag_failed(item->path, "read");
        if (got == 0)
            return diag_error("%s: shrank while it was being read", diag_name(item->path).text);
        enum status status = emit_added(emit, (size_t)got);
        if (status != STATUS_OK)
            return status;
        offset += got;
    }
    return STATUS_OK;
}

/* The offset of the next data at or after `offset`; `size` if there is none. If the file system
 * does not know, everything is data. */
static off_t data_find(const struct walk_item *item, off_t offset, off_t size)
{
    off_t data = lseek(item->fd, offset, SEEK_DATA);
    if (data < 0)
        return errno == ENXIO ? size : offset;
    return data < size ? data : size;
}

static off_t hole_find(const struct walk_item *item, off_t offset, off_t size)
{
    off_t hole = lseek(item->fd, offset, SEEK_HOLE);
    return hole < offset || hole > size ? size : hole;
}

static enum status sparse_emit(struct emit *emit, struct scout *scout, const struct walk_item *item)
{
    const off_t size = item->status.st_size;
    enum status status = STATUS_OK;
    for (off_t offset = 0; status == STATUS_OK && offset < size;) {
        off_t data = data_find(item, offset, size);
        status = emit_zeros(emit, (uint64_t)(data - offset));
        if (status != STATUS_OK || data == size)
            return status;
        offset = hole_find(item, data, size);
        /* Makes progress even if the file system contradicts itself. */
        if (offset == data)
            offset = size;
        status = range_emit(emit, scout, item, data, offset);
    }
    return status;
}

bool content_is_whole(const struct walk_item *item)
{
    return item->status.st_blocks >= item->status.st_size / 512;
}

enum status content_emit(struct emit *emit, struct scout *scout, const struct walk_item *item,
                         bool live)
{
    struct source source = source_make(item->fd, &item->status, live);
    enum status status = content_is_whole(item)
                             ? range_emit(emit, scout, item, 0, item->status.st_size)
                             : sparse_emit(emit, scout, item);
    if (status != STATUS_OK)
        return status;
    source_check(&source);
    return source_report(&source, item->path);
}
