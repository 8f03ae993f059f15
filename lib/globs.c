#include "globs.h"

#include "array.h"
#include "diag.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

enum status globs_add(struct globs *globs, const char *pattern)
{
    if (array_reserve(&globs->patterns, &globs->capacity, globs->count + 1,
                      sizeof *globs->patterns) != 0)
        return diag_no_memory();
    globs->patterns[globs->count] = strdup(pattern);
    if (!globs->patterns[globs->count])
        return diag_no_memory();
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
