#include "content/oldmap.h"

#include "cache/format.h"
#include "content/mapfile.h"
#include "decimal.h"
#include "diag.h"
#include "pack.h"

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

/* Parses the first line of a block, and begins it. */
static bool block_begin(struct oldmap *map, const char *line, size_t length)
{
    static const char size_key[] = " size=", digest_key[] = " sha256digest=";
    char hex[PACK_DIGITS + 1] = {0};
    const char *end = line + length, *text = memchr(line, ' ', length);
    if (!text || (size_t)(end - text) < sizeof size_key ||
        memcmp(text, size_key, sizeof size_key - 1) != 0)
        return false;
    text += sizeof size_key - 1;
    if (!decimal_take(&text, end, UINT64_MAX, &map->size) ||
        (size_t)(end - text) != sizeof digest_key - 1 + PACK_DIGITS ||
        memcmp(text, digest_key, sizeof digest_key - 1) != 0)
        return false;
    memcpy(hex, text + sizeof digest_key - 1, PACK_DIGITS);
    map->first = map->lines.offset;
    map->left = map->size;
    map->check = 0;
    return digest_parse(hex, &map->digest) == NULL;
}

/* Takes the line of a run of the current block. */
static bool run_take(struct oldmap *map, const char *line, size_t length, struct chunk_run *run)
{
    if (!chunk_map_parse(line, length, run) || run->count > map->left / run->length)
        return false;
    map->left -= run->count * run->length;
    map->check = mapfile_check(map->check, line, length);
    return true;
}

static uint64_t block_hash(uint64_t size, const struct digest_value *digest, uint64_t check)
{
    uint64_t words[3] = {size, check};
    memcpy(&words[2], digest->bytes, sizeof words[2]);
    return cache_check(0, words, sizeof words);
}

/* Remembers where the current block, which is complete, stands. */
static enum status block_note(struct oldmap *map, uint64_t block)
{
    const uint64_t hash = block_hash(map->size, &map->digest, map->check);
    return table_add(&map->blocks, hash, block) == 0 ? STATUS_OK : diag_no_memory();
}

/* Reads the whole map, and remembers where each block stands. */
static enum status index_make(struct oldmap *map)
{
    struct chunk_run run;
    enum status status = STATUS_OK;
    map->indexed = true;
    for (uint64_t block = 0; status == STATUS_OK && !map->over;) {
        const uint64_t at = map->lines.offset;
        const char *line = NULL;
        size_t length = 0;
        status = line_next(map, &line, &length);
        if (status != STATUS_OK || map->over)
            break;
        const bool begins = map->left == 0;
        if (begins)
            block = at;
        if (begins ? !block_begin(map, line, length) : !run_take(map, line, length, &run))
            return damaged(map);
        if (!begins && map->left == 0)
            status = block_note(map, block);
    }
    return status;
}

enum status oldmap_find(struct oldmap *map, uint64_t size, const struct digest_value *digest,
                        uint64_t check, bool *found)
{
    const char *line = NULL;
    size_t length = 0;
    uint64_t block = 0;
    *found = false;
    enum status status = map->open && !map->indexed ? index_make(map) : STATUS_OK;
    if (status != STATUS_OK || !table_find(&map->blocks, block_hash(size, digest, check), &block))
        return status;
    lines_seek(&map->lines, block);
    map->over = false;
    status = line_next(map, &line, &length);
    *found = status == STATUS_OK && !map->over && block_begin(map, line, length) &&
             map->size == size && digest_equal(&map->digest, digest);
    return status;
}

void oldmap_rewind(struct oldmap *map)
{
    lines_seek(&map->lines, map->first);
    map->over = false;
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
    if (run_take(map, line, length, run))
        return STATUS_OK;
    *run = (struct chunk_run){0};
    return damaged(map);
}

void oldmap_close(struct oldmap *map)
{
    if (map->open)
        (void)close(map->fd);
    lines_free(&map->lines);
    table_free(&map->blocks);
    *map = (struct oldmap){0};
}
