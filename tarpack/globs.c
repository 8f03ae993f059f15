#include "globs.h"

#include "diag.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum status out_of_memory(void)
{
    diag_error("out of memory");
    return STATUS_SYSTEM;
}

enum status globs_add(struct globs *globs, const char *pattern)
{
    char **patterns = reallocarray(globs->patterns, globs->count + 1, sizeof *patterns);
    if (!patterns)
        return out_of_memory();
    globs->patterns = patterns;
    char *copy = strdup(pattern);
    if (!copy)
        return out_of_memory();
    for (size_t length = strlen(copy); length > 1 && copy[length - 1] == '/';)
        copy[--length] = '\0';
    patterns[globs->count++] = copy;
    return STATUS_OK;
}

static enum status lines_add(struct globs *globs, FILE *input, const char *file)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length = 0;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && (length = getline(&line, &capacity, input)) >= 0) {
        if (length > 0 && line[length - 1] == '\n')
            line[length - 1] = '\0';
        if (line[0] != '\0')
            status = globs_add(globs, line);
    }
    if (status == STATUS_OK && ferror(input)) {
        diag_errno("%s: cannot read", diag_name(file).text);
        status = STATUS_SYSTEM;
    }
    free(line);
    return status;
}

enum status globs_add_file(struct globs *globs, const char *file)
{
    if (strcmp(file, "-") == 0)
        return lines_add(globs, stdin, "standard input");
    FILE *input = fopen(file, "re");
    if (!input) {
        diag_errno("%s: cannot open", diag_name(file).text);
        return STATUS_SYSTEM;
    }
    enum status status = lines_add(globs, input, file);
    fclose(input);
    return status;
}

bool globs_match(const struct globs *globs, const char *text)
{
    for (size_t i = 0; i < globs->count; i++) {
        if (fnmatch(globs->patterns[i], text, 0) == 0)
            return true;
    }
    return false;
}

bool globs_match_path(const struct globs *globs, const char *path)
{
    if (globs->count == 0)
        return false;
    while (path) {
        if (globs_match(globs, path))
            return true;
        const char *slash = strchr(path, '/');
        path = slash ? slash + 1 : NULL;
    }
    return false;
}

void globs_free(struct globs *globs)
{
    for (size_t i = 0; i < globs->count; i++)
        free(globs->patterns[i]);
    free(globs->patterns);
    *globs = (struct globs){0};
}
