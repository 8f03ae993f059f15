#include "cache/reader.h"

#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether only this user and root can have written the file: its digests are trusted. */
static bool is_trusted(const struct stat *status)
{
    return S_ISREG(status->st_mode) && (status->st_uid == geteuid() || status->st_uid == 0) &&
           !(status->st_mode & (S_IWGRP | S_IWOTH));
}

/* Reads the header. Returns NULL, or why the file is not used. */
static const char *header_check(const struct cache_reader *reader,
                                const struct cache_header *wanted)
{
    struct cache_header header;
    struct stat status;
    if (fstat(reader->fd, &status) != 0)
        return strerror(errno);
    if (!is_trusted(&status))
        return "others can write it";
    ssize_t got = stream_read(reader->fd, &header, sizeof header);
    if (got < 0)
        return strerror(errno);
    if (got != (ssize_t)sizeof header)
        return "it is damaged";
    if (memcmp(header.magic, wanted->magic, sizeof header.magic) != 0)
        return "it is not a cache of this version";
    if (header.order != wanted->order || header.record_size != wanted->record_size)
        return "it was written on another kind of machine";
    if (header.view != wanted->view)
        return "it was written by a user who sees other attributes";
    return NULL;
}

const char *cache_reader_open(struct cache_reader *reader, int directory, const char *name)
{
    const struct cache_header header = cache_header_make();
    *reader =
        (struct cache_reader){.fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK),
                              .check = cache_check(0, &header, sizeof header)};
    const char *problem = NULL;
    if (reader->fd >= 0)
        problem = header_check(reader, &header);
    else if (errno != ENOENT)
        problem = strerror(errno);
    reader->over = reader->fd < 0 || problem;
    return problem;
}

/* Reads exactly `length` bytes. Returns whether it could; stores errno of a failed read. */
static bool bytes_read(struct cache_reader *reader, void *bytes, size_t length)
{
    ssize_t got = stream_read(reader->fd, bytes, length);
    if (got < 0)
        reader->error = errno;
    return got == (ssize_t)length;
}

/* Reads the next block of the file. Returns whether it is undamaged. */
static bool block_read(struct cache_reader *reader)
{
    struct cache_block block;
    if (!bytes_read(reader, &block, sizeof block) || block.length > CACHE_BLOCK_MAX)
        return false;
    const size_t length = (size_t)block.length;
    if (buf_reserve(&reader->in, length) != 0) {
        reader->error = ENOMEM;
        return false;
    }
    if (!bytes_read(reader, reader->in.bytes, length))
        return false;
    reader->check = cache_check(reader->check, reader->in.bytes, length);
    if (reader->check != block.check)
        return false;
    reader->in.length = length;
    return true;
}

/* Moves to the next block. Returns whether there is one. */
static bool block_next(struct cache_reader *reader)
{
    if (reader->over)
        return false;
    reader->in.length = reader->next = 0;
    reader->damaged = !block_read(reader);
    reader->over = reader->in.length == 0;
    return !reader->over;
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
    if (reader->next == reader->in.length && !block_next(reader))
        return NULL;
    const char *bytes = reader->in.bytes + reader->next;
    if (is_record(bytes, reader->in.length - reader->next, record))
        return bytes;
    reader->damaged = reader->over = true;
    reader->in.length = reader->next;
    return NULL;
}

void cache_reader_skip(struct cache_reader *reader, const struct cache_record *record)
{
    reader->next += cache_record_length(record);
}

void cache_reader_close(struct cache_reader *reader)
{
    stream_close(reader->fd);
    buf_free(&reader->in);
    *reader = (struct cache_reader){.fd = -1};
}
