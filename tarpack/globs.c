#include "globs.h"

#include "diag.h"

#include <fnmatch.h>
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
    patterns[globs->count] = strdup(pattern);
    if (!patterns[globs->count])
        return out_of_memory();
    globs->count++;
    return STATUS_OK;
}

bool globs_match(const struct globs *globs, const char *text)
{
    for (size_t i = 0; i < globs->count; i++) {
        if (fnmatch(globs->patterns[i], text, 0) == 0)
            return true;
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
