#include "cache/reader.h"

#include "diag.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads exactly `length` bytes behind the current block. Returns whether it could; errno is 0 if
 * there are not as many. */
static bool bytes_read(struct cache_reader *reader, void *bytes, size_t length)
{
    char *to = bytes;
    while (length > 0) {
        ssize_t got = pread(reader->fd, to, length, reader->behind.at);
        if (got < 0 && errno == EINTR)
            continue;
        errno = got < 0 ? errno : 0;
        if (got <= 0)
            return false;
        reader->behind.at += got;
        to += got;
        length -= (size_t)got;
    }
    errno = 0;
    return true;
}

/* Reads the header. Returns NULL, or why the file is not used. */
static const char *header_check(struct cache_reader *reader, const struct cache_header *wanted)
{
    struct cache_header header;
    struct stat status;
    if (fstat(reader->fd, &status) != 0)
        return strerror(errno);
    if (!cache_is_trusted(&status))
        return "others can write it";
    reader->written = status.st_mtim;
    if (!bytes_read(reader, &header, sizeof header))
        return errno ? strerror(errno) : "it is damaged";
    if (memcmp(header.magic, wanted->magic, sizeof header.magic) != 0)
        return "it is not a cache of this version";
    if (header.order != wanted->order || header.record_size != wanted->record_size)
        return "it was written on another kind of machine";
    if (header.view != wanted->view)
        return "it was written by a user who sees other attributes";
    return NULL;
}

/* Gives up the rest of the file; errno is `error`, or that is 0. Returns NULL. */
static const char *rest_drop(struct cache_reader *reader, int error)
{
    if (!reader->quiet)
        diag_warn("%s: the cache %s%s: the rest of it is not used", diag_name(reader->path).text,
                  error ? "cannot be read: " : "is damaged", error ? strerror(error) : "");
    reader->damaged = reader->over = true;
    reader->in.length = reader->next;
    return NULL;
}

/* Reads the next block of the file. Returns whether it could, with errno set, 0 for damage. */
static bool block_read(struct cache_reader *reader)
{
    struct cache_block block;
    reader->block = reader->behind;
    if (!bytes_read(reader, &block, sizeof block) || block.length > CACHE_BLOCK_MAX)
        return false;
    const size_t length = (size_t)block.length;
    if (buf_reserve(&reader->in, length) != 0 || !bytes_read(reader, reader->in.bytes, length))
        return false;
    reader->behind.check = cache_check(reader->behind.check, reader->in.bytes, length);
    reader->in.length = length;
    return reader->behind.check == block.check;
}

/* Reads the list of packs. Returns NULL, or why the file is not used. */
static const char *packs_read(struct cache_reader *reader)
{
    if (!block_read(reader))
        return errno ? strerror(errno) : "it is damaged";
    reader->packs = reader->in;
    reader->in = (struct buf){0};
    return reader->packs.length % CACHE_DIGEST_BYTES == 0 ? NULL : "it is damaged";
}

void cache_reader_open(struct cache_reader *reader, int directory, const char *name,
                       const char *path)
{
    const struct cache_header header = cache_header_make();
    *reader =
        (struct cache_reader){.path = path, .behind.check = cache_check(0, &header, sizeof header)};
    reader->fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const char *problem = NULL;
    if (reader->fd >= 0)
        problem = header_check(reader, &header);
    else if (errno != ENOENT)
        problem = strerror(errno);
    if (reader->fd >= 0 && !problem)
        problem = packs_read(reader);
    reader->over = reader->fd < 0 || problem;
    if (reader->over)
        reader->packs.length = 0;
    else
        reader->first = reader->behind;
    if (problem)
        diag_warn("%s: the cache is not used: %s", diag_name(path).text, problem);
}

/* Whether `bytes`, of which the block has `left`, begin with a whole record. */
static bool is_record(const char *bytes, size_t left, struct cache_record *record)
{
    if (left < sizeof *record)
        return false;
    memcpy(record, bytes, sizeof *record);
    return record->path_length > 0 && record->path_length <= CACHE_PATH_MAX &&
           record->xattrs_length <= CACHE_XATTRS_MAX && cache_record_length(record) <= left &&
           bytes[sizeof *record + record->path_length - 1] == '\0';
}

const char *cache_reader_next(struct cache_reader *reader, struct cache_record *record)
{
    if (reader->next == reader->in.length && !reader->over) {
        reader->in.length = reader->next = 0;
        if (!block_read(reader))
            return rest_drop(reader, errno);
        reader->over = reader->in.length == 0;
    }
    if (reader->over)
        return NULL;
    const char *bytes = reader->in.bytes + reader->next;
    return is_record(bytes, reader->in.length - reader->next, record) ? bytes
                                                                      : rest_drop(reader, 0);
}

void cache_reader_skip(struct cache_reader *reader, const struct cache_record *record)
{
    reader->next += cache_record_length(record);
}

void cache_reader_share(struct cache_reader *second, const struct cache_reader *reader)
{
    *second = (struct cache_reader){.path = reader->path,
                                    .fd = reader->fd,
                                    .quiet = reader->quiet || reader->damaged,
                                    .first = reader->first,
                                    .behind = reader->first};
}

void cache_reader_go(struct cache_reader *reader, const struct cache_mark *block, size_t offset)
{
    if (reader->block.at != block->at || reader->in.length == 0) {
        reader->behind = *block;
        reader->in.length = 0;
        reader->over = !block_read(reader);
    }
    reader->next = offset;
    if (reader->over)
        reader->in.length = reader->next = 0;
}

void cache_reader_release(struct cache_reader *reader)
{
    buf_free(&reader->packs);
    buf_free(&reader->in);
    *reader = (struct cache_reader){.fd = -1};
}

void cache_reader_close(struct cache_reader *reader)
{
    stream_close(reader->fd);
    cache_reader_release(reader);
}
