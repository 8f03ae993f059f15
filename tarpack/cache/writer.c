#include "cache/writer.h"

#include "diag.h"
#include "dirs.h"
#include "lock.h"
#include "staging_name.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opens the directory that holds the file. */
static enum status directory_open(struct cache_writer *writer)
{
    const char *slash = strrchr(writer->path, '/');
    const char *name = slash ? slash + 1 : writer->path;
    if (*name == '\0' || strlen(name) > NAME_MAX)
        return diag_error("%s: not the name of a file", diag_name(writer->path).text);
    memcpy(writer->name, name, strlen(name) + 1);
    char *above = slash ? strndup(writer->path, (size_t)(slash - writer->path) + 1) : strdup(".");
    if (above)
        writer->directory = open(above, O_PATH | O_DIRECTORY | O_CLOEXEC);
    free(above);
    if (writer->directory >= 0)
        return STATUS_OK;
    return diag_failed(writer->path, "open the directory of the cache");
}

/* Refuses to replace what is not a file: as root the rename would replace /dev/null, for instance.
 */
static enum status replaced_check(const struct cache_writer *writer)
{
    struct stat status;
    if (fstatat(writer->directory, writer->name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? STATUS_OK : diag_failed(writer->path, "read its status");
    if (S_ISREG(status.st_mode) || S_ISLNK(status.st_mode))
        return STATUS_OK;
    return diag_error("%s: not a regular file", diag_name(writer->path).text);
}

/* Removes what stands under the private name, unless a running process holds its lock. Returns 0;
 * -1 with errno set, EWOULDBLOCK if it is locked. */
static int leftover_remove(const struct cache_writer *writer)
{
    int result = 0;
    int fd = openat(writer->directory, writer->temporary,
                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return 0;
    /* Where locks do not work, or if it is not a file, it counts as left over. */
    bool alive = fd >= 0 && lock_take(fd, LOCK_EX) == LOCK_HELD;
    if (alive)
        result = -1;
    else if (fd < 0 || dirs_is_same(fd, writer->directory, writer->temporary))
        result = unlinkat(writer->directory, writer->temporary, 0);
    stream_close(fd);
    return result == 0 || errno == ENOENT ? 0 : -1;
}

/* Creates a file with the private name and locks it. Returns 0; -1 with errno set. */
static int named_open(struct cache_writer *writer)
{
    /* Before it is locked, another run may take the file for a leftover and remove it. */
    for (int tries = 0; tries < 10; tries++) {
        int fd = openat(writer->directory, writer->temporary,
                        O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0 && (errno != EEXIST || leftover_remove(writer) != 0))
            return -1;
        if (fd < 0)
            continue;
        bool lost = lock_take(fd, LOCK_EX) == LOCK_HELD;
        if (!lost && dirs_is_same(fd, writer->directory, writer->temporary)) {
            writer->fd = fd;
            writer->has_name = true;
            return 0;
        }
        close(fd);
    }
    errno = EWOULDBLOCK;
    return -1;
}

static void bytes_append(struct cache_writer *writer, const void *bytes, size_t length)
{
    if (writer->error == 0 && buf_append(&writer->out, bytes, length) != 0)
        writer->error = ENOMEM;
}

/* Starts a block. Its header is filled in when the block is written. */
static void block_begin(struct cache_writer *writer)
{
    const struct cache_block block = {0};
    writer->block = writer->out.length;
    bytes_append(writer, &block, sizeof block);
}

enum status cache_writer_open(struct cache_writer *writer, const char *path)
{
    static const unsigned char always[STAGING_RANDOM_LENGTH] = {0};
    const struct cache_header header = cache_header_make();
    *writer = (struct cache_writer){.path = path, .directory = -1, .fd = -1};
    if (directory_open(writer) != STATUS_OK || replaced_check(writer) != STATUS_OK)
        return STATUS_SYSTEM;
    staging_name_make(writer->temporary, writer->name, always);
    writer->fd = dirs_create_unnamed(writer->directory);
    if (writer->fd < 0 && named_open(writer) != 0) {
        if (errno != EWOULDBLOCK)
            return diag_failed(path, "create the cache");
        diag_warn("%s: the cache is not updated: another run is writing it", diag_name(path).text);
        return STATUS_OK;
    }
    writer->check = cache_check(0, &header, sizeof header);
    bytes_append(writer, &header, sizeof header);
    block_begin(writer);
    return STATUS_OK;
}

static size_t block_length(const struct cache_writer *writer)
{
    return writer->out.length - writer->block - sizeof(struct cache_block);
}

static void block_write(struct cache_writer *writer)
{
    if (writer->error != 0)
        return;
    struct cache_block block = {.length = block_length(writer)};
    char *bytes = writer->out.bytes + writer->block;
    writer->check = cache_check(writer->check, bytes + sizeof block, (size_t)block.length);
    block.check = writer->check;
    memcpy(bytes, &block, sizeof block);
    if (stream_write(writer->fd, writer->out.bytes, writer->out.length) != 0)
        writer->error = errno;
    writer->out.length = 0;
    block_begin(writer);
}

void cache_writer_packs(struct cache_writer *writer, const void *list, size_t length)
{
    if (writer->fd < 0)
        return;
    bytes_append(writer, list, length);
    block_write(writer);
}

/* Copies the first `length` bytes of a file. Returns 0; -1 with errno set. */
static int copy(int from, int to, off_t length)
{
    char bytes[1 << 16];
    for (off_t at = 0; at < length;) {
        const size_t room =
            length - at < (off_t)sizeof bytes ? (size_t)(length - at) : sizeof bytes;
        const ssize_t got = pread(from, bytes, room, at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got == 0)
            errno = EIO;
        if (got <= 0 || stream_write(to, bytes, (size_t)got) != 0)
            return -1;
        at += got;
    }
    return 0;
}

void cache_writer_continue(struct cache_writer *writer, const struct cache_reader *reader)
{
    if (writer->fd < 0 || writer->error != 0)
        return;
    if (copy(reader->fd, writer->fd, reader->block.at) != 0)
        writer->error = errno;
    writer->out.length = 0;
    writer->check = reader->block.check;
    block_begin(writer);
    bytes_append(writer, reader->in.bytes, reader->next);
}

void cache_writer_add(struct cache_writer *writer, const struct cache_record *record,
                      const void *rest)
{
    if (writer->fd < 0)
        return;
    bytes_append(writer, record, sizeof *record);
    bytes_append(writer, rest, cache_record_length(record) - sizeof *record);
    if (!writer->held && cache_writer_is_full(writer))
        block_write(writer);
}

bool cache_writer_is_full(const struct cache_writer *writer)
{
    return writer->fd >= 0 && writer->error == 0 && block_length(writer) >= CACHE_BLOCK_FULL;
}

void cache_writer_release(struct cache_writer *writer)
{
    writer->held = false;
    if (cache_writer_is_full(writer))
        block_write(writer);
}

/* Links a file without a name: under its final name if that is free, else under the private one.
 * Returns 0; -1 with errno set. */
static int name_give(struct cache_writer *writer)
{
    if (dirs_name(writer->fd, writer->directory, writer->name) == 0)
        return 0;
    if (errno != EEXIST ||
        (unlinkat(writer->directory, writer->temporary, 0) != 0 && errno != ENOENT) ||
        dirs_name(writer->fd, writer->directory, writer->temporary) != 0)
        return -1;
    writer->has_name = true;
    return 0;
}

/* Puts the file under its final name. Returns 0; -1 with errno set. */
static int file_place(struct cache_writer *writer)
{
    const bool unnamed = !writer->has_name;
    if (unnamed && name_give(writer) != 0)
        return errno == EEXIST ? 0 : -1; /* another run is replacing it right now */
    if (!writer->has_name)
        return 0;
    if (renameat(writer->directory, writer->temporary, writer->directory, writer->name) != 0 &&
        !(unnamed && errno == ENOENT)) /* another run has put its own file there */
        return -1;
    writer->has_name = false;
    return 0;
}

void cache_writer_finish(struct cache_writer *writer)
{
    if (writer->fd < 0)
        return;
    if (writer->error == 0 && block_length(writer) > 0)
        block_write(writer);
    block_write(writer); /* an empty block: the end */
    if (writer->error == 0 && file_place(writer) != 0)
        writer->error = errno;
    if (writer->error != 0)
        diag_warn("%s: cannot write the cache: %s", diag_name(writer->path).text,
                  strerror(writer->error));
}

void cache_writer_close(struct cache_writer *writer)
{
    if (writer->has_name)
        (void)unlinkat(writer->directory, writer->temporary, 0);
    stream_close(writer->fd);
    stream_close(writer->directory);
    buf_free(&writer->out);
    *writer = (struct cache_writer){.directory = -1, .fd = -1};
}
