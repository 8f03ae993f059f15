#include "pack_file.h"

#include "diag.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* No compressor makes a longer frame of PACK_FRAME_MAX bytes. */
#define COMPRESSED_MAX ((uint64_t)PACK_FRAME_MAX + PACK_FRAME_MAX / 4)

/* An open pack. */
struct source {
    int fd;
    char name[PACK_NAME_SIZE];
    uint64_t size;
};

enum status pack_file_problem(const char **problem, const char *text)
{
    *problem = text;
    return STATUS_ARCHIVE;
}

static enum status source_open(struct source *source, int directory, const char *name,
                               const char **problem)
{
    struct stat file;
    snprintf(source->name, sizeof source->name, "%s" PACK_DATA_SUFFIX, name);
    source->fd =
        openat(directory, source->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (source->fd < 0 && errno == ENOENT)
        return pack_file_problem(problem, "the pack is missing");
    if (source->fd < 0 && errno == ELOOP)
        return pack_file_problem(problem, "a symbolic link");
    if (source->fd < 0)
        return diag_failed(source->name, "open");
    if (fstat(source->fd, &file) != 0)
        return diag_failed(source->name, "read its status");
    if (!S_ISREG(file.st_mode))
        return pack_file_problem(problem, "not a regular file");
    source->size = (uint64_t)file.st_size;
    return STATUS_OK;
}

static void source_close(const struct source *source)
{
    if (source->fd >= 0)
        close(source->fd);
}

/* Replaces the contents of `bytes` by `length` bytes at `offset`. */
static enum status range_read(const struct source *source, uint64_t offset, size_t length,
                              struct buf *bytes, const char **problem)
{
    bytes->length = 0;
    if (buf_reserve(bytes, length) != 0)
        return diag_no_memory();
    while (bytes->length < length) {
        ssize_t got = pread(source->fd, bytes->bytes + bytes->length, length - bytes->length,
                            (off_t)(offset + bytes->length));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return diag_failed(source->name, "read");
        if (got == 0)
            return pack_file_problem(problem, "the pack is cut");
        bytes->length += (size_t)got;
    }
    return STATUS_OK;
}

static enum status table_read(struct seek_table *table, const struct source *source,
                              uint64_t content, const char **problem)
{
    struct buf bytes = {0};
    size_t length = 0;
    enum status status = source->size < SEEK_TABLE_FOOTER
                             ? pack_file_problem(problem, pack_error_text(PACK_BAD_SEEK_TABLE))
                             : range_read(source, source->size - SEEK_TABLE_FOOTER,
                                          SEEK_TABLE_FOOTER, &bytes, problem);
    if (status != STATUS_OK) {
        buf_free(&bytes);
        return status;
    }
    enum pack_error error = seek_table_length((const unsigned char *)bytes.bytes, &length);
    if (error == PACK_OK && length > source->size)
        error = PACK_BAD_SEEK_TABLE;
    if (error == PACK_OK)
        status = range_read(source, source->size - length, length, &bytes, problem);
    if (error == PACK_OK && status == STATUS_OK)
        error = seek_table_parse(table, (const unsigned char *)bytes.bytes, length, source->size);
    buf_free(&bytes);
    if (error == PACK_NO_MEMORY)
        return diag_no_memory();
    if (error != PACK_OK)
        return pack_file_problem(problem, pack_error_text(error));
    if (status != STATUS_OK || seek_table_size(table) == content)
        return status;
    seek_table_free(table);
    return pack_file_problem(problem, "the pack and its index state different sizes");
}

enum status pack_file_open(struct pack_file *file, int directory, const char *name, uint64_t size,
                           const char **problem)
{
    struct source source = {.fd = -1};
    if (file->table.points)
        return STATUS_OK;
    enum status status = source_open(&source, directory, name, problem);
    if (status == STATUS_OK)
        status = table_read(&file->table, &source, size, problem);
    source_close(&source);
    return status;
}

enum status pack_file_read(const struct pack_file *file, int directory, const char *name,
                           size_t frame, struct buf *bytes, const char **problem)
{
    struct source source = {.fd = -1};
    const struct seek_point *point = &file->table.points[frame];
    const uint64_t length = point[1].offset - point[0].offset;
    if (length > COMPRESSED_MAX)
        return pack_file_problem(problem, pack_error_text(PACK_BAD_FRAME));
    enum status status = source_open(&source, directory, name, problem);
    if (status == STATUS_OK)
        status = range_read(&source, point->offset, (size_t)length, bytes, problem);
    source_close(&source);
    return status;
}
