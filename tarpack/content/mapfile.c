#include "content/mapfile.h"

#include "cache/format.h"
#include "cli.h"
#include "diag.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status write_failed(const struct mapfile *map)
{
    return diag_failed(map->name, "write");
}

static enum status flush(struct mapfile *map)
{
    if (stream_write(map->fd, map->out.bytes, map->out.length) != 0)
        return write_failed(map);
    map->written += map->out.length;
    map->out.length = 0;
    return STATUS_OK;
}

/* Whether both are the same file. */
static bool is_same(const struct stat *status, int fd)
{
    struct stat other;
    return fd >= 0 && fstat(fd, &other) == 0 && status->st_dev == other.st_dev &&
           status->st_ino == other.st_ino;
}

enum status mapfile_open(struct mapfile *map, const char *name, int other)
{
    struct stat status;
    *map = (struct mapfile){.name = name};
    /* Without O_TRUNC, which would have emptied the other file; a FIFO must not make it wait. */
    map->fd = open(name, O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666);
    map->open = map->fd >= 0;
    if (!map->open && errno != ENXIO)
        return diag_failed(name, "create");
    if (map->open && fstat(map->fd, &status) != 0)
        return diag_failed(name, "read its status");
    if (!map->open || !S_ISREG(status.st_mode))
        return diag_error("%s: the chunk map must be a regular file", diag_name(name).text);
    if (is_same(&status, other) || is_same(&status, STDOUT_FILENO))
        return cli_usage("--chunks: '%s' is also standard output or the old chunk map",
                         diag_name(name).text);
    if (ftruncate(map->fd, 0) != 0)
        return diag_failed(name, "empty");
    return buf_append_text(&map->out, CHUNK_MAP_SIGNATURE) == 0 ? STATUS_OK : diag_no_memory();
}

enum status mapfile_begin(struct mapfile *map, const char *path, uint64_t size)
{
    /* The digest is known last: 64 zeros hold its place. */
    static const struct digest_value later = {.algorithm = DIGEST_SHA256};
    size_t digits = 0;
    if (chunk_map_append_file(&map->out, path, size, &later, &digits) != 0)
        return diag_no_memory();
    map->digits = map->written + digits;
    map->check = 0;
    return STATUS_OK;
}

uint64_t mapfile_check(uint64_t check, const char *line, size_t length)
{
    return cache_check(check, line, length);
}

/* Adds the line of the run that has ended. */
static enum status run_end(struct mapfile *map)
{
    const size_t start = map->out.length;
    if (map->run.count == 0)
        return STATUS_OK;
    if (chunk_map_append(&map->out, &map->run) != 0)
        return diag_no_memory();
    map->run.count = 0;
    map->check = mapfile_check(map->check, map->out.bytes + start, map->out.length - start - 1);
    return map->out.length < STREAM_CHUNK ? STATUS_OK : flush(map);
}

enum status mapfile_add(struct mapfile *map, const struct chunk_run *run)
{
    struct chunk_run *current = &map->run;
    if (current->count > 0 && current->length == run->length &&
        digest_equal(&current->digest, &run->digest)) {
        current->count += run->count;
        return STATUS_OK;
    }
    enum status status = run_end(map);
    *current = *run;
    return status;
}

/* Writes all of `text` to a place before the end of the file. Returns 0; -1 with errno set. */
static int overwrite(int fd, const char *text, size_t length, uint64_t offset)
{
    while (length > 0) {
        ssize_t count = pwrite(fd, text, length, (off_t)offset);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -1;
        text += count;
        length -= (size_t)count;
        offset += (uint64_t)count;
    }
    return 0;
}

enum status mapfile_end(struct mapfile *map, const struct digest_value *digest, uint64_t *check)
{
    char hex[DIGEST_TEXT_SIZE];
    digest_hex(digest, hex);
    enum status status = run_end(map);
    *check = map->check;
    if (status != STATUS_OK)
        return status;
    if (map->digits >= map->written) {
        memcpy(map->out.bytes + (map->digits - map->written), hex, strlen(hex));
        return STATUS_OK;
    }
    return overwrite(map->fd, hex, strlen(hex), map->digits) == 0 ? STATUS_OK : write_failed(map);
}

enum status mapfile_finish(struct mapfile *map)
{
    enum status status = flush(map);
    if (status != STATUS_OK)
        return status;
    map->open = false;
    return close(map->fd) == 0 || errno == EINTR ? STATUS_OK : write_failed(map);
}

void mapfile_close(struct mapfile *map)
{
    if (map->open)
        (void)close(map->fd);
    buf_free(&map->out);
    *map = (struct mapfile){0};
}
