#include "content/oldmap.h"

#include "cache/format.h"
#include "content/mapfile.h"
#include "diag.h"
#include "mtree_read.h"
#include "tar_path.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Uses no further block. */
static enum status damaged(struct oldmap *map)
{
    diag_warn("%s: the chunk map is damaged: the rest of it is not used",
              diag_name(map->name).text);
    map->over = true;
    return STATUS_OK;
}

/* Reads the next line. At the end, and after damage, the map is over; the end of the file within a
 * block is damage. */
static enum status line_next(struct oldmap *map, const char **line, size_t *length)
{
    enum lines_event event = lines_next(&map->lines, line, length);
    switch (event) {
    case LINES_LINE:
        return STATUS_OK;
    case LINES_END:
        map->over = true;
        return map->left == 0 ? STATUS_OK : damaged(map);
    case LINES_FAILED:
        return diag_failed(map->name, "read");
    case LINES_NO_MEMORY:
        return diag_no_memory();
    default:
        return damaged(map);
    }
}

static enum status unused(struct oldmap *map, const char *why)
{
    diag_warn("%s: the chunk map is not used: %s", diag_name(map->name).text, why);
    map->over = true;
    return STATUS_OK;
}

/* Checks the first line. */
static enum status signature_check(struct oldmap *map)
{
    const char *line = NULL;
    size_t length = 0;
    enum status status = line_next(map, &line, &length);
    if (status != STATUS_OK || map->over ||
        (length + 1 == strlen(CHUNK_MAP_SIGNATURE) &&
         memcmp(line, CHUNK_MAP_SIGNATURE, length) == 0))
        return status;
    return unused(map, "it is not a chunk map");
}

enum status oldmap_open(struct oldmap *map, const char *name)
{
    struct stat status;
    *map = (struct oldmap){.name = name};
    map->fd = open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    map->open = map->fd >= 0;
    map->over = !map->open;
    if (!map->open)
        return errno == ENOENT ? STATUS_OK : diag_failed(name, "open");
    if (fstat(map->fd, &status) != 0)
        return diag_failed(name, "read its status");
    if (!S_ISREG(status.st_mode))
        return diag_error("%s: the old chunk map must be a regular file", diag_name(name).text);
    lines_start(&map->lines, map->fd, true);
    return cache_is_trusted(&status) ? signature_check(map) : unused(map, "others can write it");
}

/* Whether a line is the first of a block; others have a digest first. */
static bool is_block(const char *line, size_t length)
{
    return length > 0 && *line == '.';
}

/* Keeps the first line of a block, and its path. */
static enum status block_enter(struct oldmap *map, const char *line, size_t length)
{
    const char *space = memchr(line, ' ', length);
    enum mtree_error error =
        space ? mtree_read_path(&map->path, line, (size_t)(space - line)) : MTREE_BAD_PATH;
    if (error == MTREE_NO_MEMORY || buf_set_text(&map->line, line, length) != 0)
        return diag_no_memory();
    map->first = map->lines.offset;
    return error == MTREE_OK ? STATUS_OK : damaged(map);
}

/* Reads up to the first line of the next block, unless one is waiting. */
static enum status block_next(struct oldmap *map)
{
    const char *line = NULL;
    size_t length = 0;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && !map->over && map->line.length == 0) {
        status = line_next(map, &line, &length);
        if (status == STATUS_OK && !map->over && is_block(line, length))
            status = block_enter(map, line, length);
    }
    return status;
}

/* Whether the first line of the current block is that of this file. */
static enum status block_compare(struct oldmap *map, const char *path, uint64_t size,
                                 const struct digest_value *digest, bool *same)
{
    size_t digits = 0;
    map->wanted.length = 0;
    if (chunk_map_append_file(&map->wanted, path, size, digest, &digits) != 0)
        return diag_no_memory();
    *same = map->line.length + 1 == map->wanted.length &&
            memcmp(map->line.bytes, map->wanted.bytes, map->line.length) == 0;
    return STATUS_OK;
}

enum status oldmap_find(struct oldmap *map, const char *path, uint64_t size,
                        const struct digest_value *digest, bool *found)
{
    int order = -1;
    *found = false;
    if (!map->open)
        return STATUS_OK;
    map->left = 0; /* of a block that is not read further */
    enum status status = block_next(map);
    while (status == STATUS_OK && !map->over) {
        order = tar_path_compare(map->path.bytes, path);
        if (order >= 0)
            break;
        map->line.length = 0;
        status = block_next(map);
    }
    if (status != STATUS_OK || order != 0 || map->over)
        return status;
    status = block_compare(map, path, size, digest, found);
    map->line.length = 0;
    map->size = size;
    return status;
}

void oldmap_rewind(struct oldmap *map)
{
    lines_seek(&map->lines, map->first);
    map->left = map->size;
    map->check = 0;
}

enum status oldmap_next(struct oldmap *map, struct chunk_run *run)
{
    const char *line = NULL;
    size_t length = 0;
    *run = (struct chunk_run){0};
    if (map->left == 0)
        return STATUS_OK;
    enum status status = line_next(map, &line, &length);
    if (status != STATUS_OK || map->over)
        return status;
    if (!chunk_map_parse(line, length, run) || run->count > map->left / run->length) {
        *run = (struct chunk_run){0};
        return damaged(map);
    }
    map->left -= run->count * run->length;
    map->check = mapfile_check(map->check, line, length);
    return STATUS_OK;
}

void oldmap_close(struct oldmap *map)
{
    if (map->open)
        (void)close(map->fd);
    lines_free(&map->lines);
    buf_free(&map->path);
    buf_free(&map->wanted);
    buf_free(&map->line);
    *map = (struct oldmap){0};
}
