#include "exclude.h"

#include "array.h"
#include "buf.h"
#include "diag.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct exclude_pattern {
    char *text; /* as the user wrote it */
    char *glob; /* without anchor and trailing slashes */
    bool anchored;
    const char *file; /* where it comes from; NULL: the command line */
    size_t line;      /* in that file */
    atomic_bool used;
};

/* The part of a pattern after its anchor, if any. */
static const char *anchor_skip(const char *pattern)
{
    while (*pattern == '/' || strncmp(pattern, "./", 2) == 0)
        pattern += *pattern == '/' ? 1 : 2;
    return pattern;
}

/* Adds the pattern of `length` bytes. */
static enum status pattern_add(struct exclude *exclude, const char *text, size_t length,
                               const char *file, size_t line)
{
    if (array_reserve(&exclude->patterns, &exclude->capacity, exclude->count + 1,
                      sizeof *exclude->patterns) != 0)
        return diag_no_memory();
    struct exclude_pattern *pattern = &exclude->patterns[exclude->count];
    *pattern = (struct exclude_pattern){.file = file, .line = line};
    pattern->text = strndup(text, length);
    if (!pattern->text)
        return diag_no_memory();
    const char *glob = anchor_skip(pattern->text);
    size_t glob_length = strlen(glob);
    while (glob_length > 0 && glob[glob_length - 1] == '/')
        glob_length--;
    pattern->anchored = glob != pattern->text;
    pattern->glob = strndup(glob, glob_length);
    exclude->count++;
    return pattern->glob ? STATUS_OK : diag_no_memory();
}

enum status exclude_add(struct exclude *exclude, const char *pattern)
{
    return pattern_add(exclude, pattern, strlen(pattern), NULL, 0);
}

static enum status line_add(struct exclude *exclude, const char *line, size_t length,
                            const char *file, size_t number)
{
    if (length == 0)
        return STATUS_OK;
    if (!memchr(line, '\0', length))
        return pattern_add(exclude, line, length, file, number);
    diag_error("%s:%zu: NUL byte in a pattern; the file must have one pattern per line",
               diag_name(file).text, number);
    return STATUS_USAGE;
}

static enum status lines_add(struct exclude *exclude, const struct buf *text, const char *file)
{
    enum status status = STATUS_OK;
    size_t number = 0;
    for (size_t at = 0; status == STATUS_OK && at < text->length;) {
        const char *line = text->bytes + at;
        const char *end = memchr(line, '\n', text->length - at);
        size_t length = end ? (size_t)(end - line) : text->length - at;
        status = line_add(exclude, line, length, file, ++number);
        at += length + 1;
    }
    return status;
}

enum status exclude_add_file(struct exclude *exclude, const char *file)
{
    const bool standard = strcmp(file, "-") == 0;
    const char *name = standard ? "standard input" : file;
    struct buf text = {0};
    int fd = standard ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return diag_failed(file, "open");
    enum status status = STATUS_OK;
    /* Not with getline(3), which reports a lack of memory like the end of the file: patterns would
     * be lost, and files packed that they exclude. */
    if (stream_read_all(fd, &text) != 0)
        status = errno == ENOMEM ? diag_no_memory() : diag_failed(name, "read");
    if (status == STATUS_OK)
        status = lines_add(exclude, &text, name);
    buf_free(&text);
    if (!standard)
        close(fd);
    return status;
}

static bool pattern_matches(const struct exclude_pattern *pattern, const char *path)
{
    while (fnmatch(pattern->glob, path, 0) != 0) {
        const char *slash = pattern->anchored ? NULL : strchr(path, '/');
        if (!slash)
            return false;
        path = slash + 1;
    }
    return true;
}

bool exclude_matches(const struct exclude *exclude, const char *path)
{
    bool matches = false;
    for (size_t i = 0; i < exclude->count; i++) {
        struct exclude_pattern *pattern = &exclude->patterns[i];
        /* After the first match, only patterns that are not yet marked matter. */
        if ((matches && atomic_load(&pattern->used)) || !pattern_matches(pattern, path))
            continue;
        atomic_store(&pattern->used, true);
        matches = true;
    }
    return matches;
}

void exclude_warn_unused(const struct exclude *exclude)
{
    /* Excluded directories are not read, so an unused pattern may match something in one. */
    const char *beyond = "";
    for (size_t i = 0; i < exclude->count; i++) {
        if (atomic_load(&exclude->patterns[i].used))
            beyond = " beyond what other patterns exclude";
    }
    for (size_t i = 0; i < exclude->count; i++) {
        const struct exclude_pattern *pattern = &exclude->patterns[i];
        struct diag_name text = diag_name(pattern->text);
        if (atomic_load(&pattern->used))
            continue;
        if (pattern->file)
            diag_warn("%s:%zu: pattern '%s' excludes nothing%s", diag_name(pattern->file).text,
                      pattern->line, text.text, beyond);
        else
            diag_warn("--exclude: pattern '%s' excludes nothing%s", text.text, beyond);
    }
}

void exclude_free(struct exclude *exclude)
{
    for (size_t i = 0; i < exclude->count; i++) {
        free(exclude->patterns[i].text);
        free(exclude->patterns[i].glob);
    }
    free(exclude->patterns);
    *exclude = (struct exclude){0};
}
