#include "content/mapfile.h"

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

enum status mapfile_open(struct mapfile *map, const char *name)
{
    struct stat status;
    *map = (struct mapfile){.name = name};
    map->fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY | O_CLOEXEC, 0666);
    if (map->fd < 0)
        return diag_failed(name, "create");
    if (fstat(map->fd, &status) != 0)
        return diag_failed(name, "read its status");
    if (!S_ISREG(status.st_mode)) {
        diag_error("%s: the chunk map must be a regular file", diag_name(name).text);
        return STATUS_SYSTEM;
    }
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
    return STATUS_OK;
}

/* Adds the line of the run that has ended. */
static enum status run_end(struct mapfile *map)
{
    if (map->run.count > 0 && chunk_map_append(&map->out, &map->run) != 0)
        return diag_no_memory();
    map->run.count = 0;
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

enum status mapfile_end(struct mapfile *map, const struct digest_value *digest)
{
    char hex[DIGEST_TEXT_SIZE];
    digest_hex(digest, hex);
    enum status status = run_end(map);
    if (status != STATUS_OK)
        return status;
    if (map->digits >= map->written) {
        memcpy(map->out.bytes + (map->digits - map->written), hex, strlen(hex));
        return STATUS_OK;
    }
    status = flush(map); /* which may hold the last of the digits */
    if (status != STATUS_OK)
        return status;
    const ssize_t length = (ssize_t)strlen(hex);
    return pwrite(map->fd, hex, (size_t)length, (off_t)map->digits) == length ? STATUS_OK
                                                                              : write_failed(map);
}

enum status mapfile_finish(struct mapfile *map)
{
    enum status status = flush(map);
    int fd = map->fd;
    map->fd = -1;
    return close(fd) == 0 || status != STATUS_OK ? status : write_failed(map);
}

void mapfile_close(struct mapfile *map)
{
    if (map->name && map->fd >= 0)
        close(map->fd);
    buf_free(&map->out);
    *map = (struct mapfile){0};
}
