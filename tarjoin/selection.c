#include "selection.h"

#include "array.h"
#include "cli.h"
#include "diag.h"
#include "tar_entry.h"
#include "tar_path.h"
#include "whiteout.h"

#include <stdlib.h>
#include <string.h>

enum status selection_add(struct selection *selection, const char *path)
{
    struct buf normal = {0};
    bool absolute = false;
    enum tar_error error = tar_path_normalise(path, &normal, &absolute);
    if (error == TAR_OK && array_reserve(&selection->wanted, &selection->capacity,
                                         selection->count + 1, sizeof *selection->wanted) != 0)
        error = TAR_NO_MEMORY;
    if (error == TAR_OK) {
        selection->wanted[selection->count++].path = normal.bytes;
        return STATUS_OK;
    }
    buf_free(&normal);
    return error == TAR_NO_MEMORY
               ? diag_no_memory()
               : cli_usage("--path: '%s': %s", diag_name(path).text, tar_error_text(error));
}

static bool is_root(const char *path)
{
    return strcmp(path, TAR_ROOT) == 0;
}

/* Whether `path` is `top` or below it. */
static bool is_below(const char *path, const char *top)
{
    const size_t length = strlen(top);
    return is_root(top) ||
           (strncmp(path, top, length) == 0 && (path[length] == '\0' || path[length] == '/'));
}

/* Whether `path` is the whiteout of `top`. */
static bool is_whiteout_of(const char *path, const char *top)
{
    const char *hidden = NULL;
    if (whiteout_parse(path, &hidden) != WHITEOUT_ENTRY)
        return false;
    const size_t above = (size_t)(hidden - path) - strlen(WHITEOUT_PREFIX);
    return strncmp(path, top, above) == 0 && strcmp(hidden, top + above) == 0;
}

/* Whether `path` is the marker of an opaque directory that `top` is in. */
static bool is_opaque_above(const char *path, const char *top)
{
    return whiteout_parse(path, NULL) == WHITEOUT_OPAQUE &&
           strncmp(path, top, strlen(path) - strlen(WHITEOUT_OPAQUE_NAME)) == 0;
}

bool selection_has(struct selection *selection, const char *path)
{
    bool selected = selection->count == 0;
    for (size_t i = 0; i < selection->count; i++) {
        struct wanted *wanted = &selection->wanted[i];
        const bool named = is_below(path, wanted->path) || is_whiteout_of(path, wanted->path);
        wanted->found |= named;
        selected |= named || is_below(wanted->path, path) || is_opaque_above(path, wanted->path);
    }
    return selected;
}

bool selection_is_found(const struct selection *selection)
{
    for (size_t i = 0; i < selection->count; i++) {
        if (selection->wanted[i].found)
            continue;
        diag_error("%s: not found in the manifest", diag_name(selection->wanted[i].path).text);
        return false;
    }
    return true;
}

int selection_note(struct selection *selection, const char *target)
{
    if (selection_has(selection, target))
        return 0;
    if (array_reserve(&selection->hidden, &selection->hidden_capacity, selection->hidden_count + 1,
                      sizeof *selection->hidden) != 0)
        return -1;
    char *path = strdup(target);
    if (!path)
        return -1;
    selection->hidden[selection->hidden_count++].path = path;
    return 0;
}

static int hidden_compare(const void *a, const void *b)
{
    const struct hidden *one = a, *other = b;
    return strcmp(one->path, other->path);
}

void selection_sort(struct selection *selection)
{
    size_t kept = 0;
    if (selection->hidden_count == 0)
        return;
    qsort(selection->hidden, selection->hidden_count, sizeof *selection->hidden, hidden_compare);
    for (size_t i = 0; i < selection->hidden_count; i++) {
        struct hidden *hidden = &selection->hidden[i];
        if (i > 0 && strcmp(selection->hidden[kept - 1].path, hidden->path) == 0)
            free(hidden->path);
        else
            selection->hidden[kept++] = *hidden;
    }
    selection->hidden_count = kept;
}

struct hidden *selection_find(const struct selection *selection, const char *path)
{
    struct hidden key = {0};
    if (selection->hidden_count == 0)
        return NULL;
    memcpy(&key.path, &path, sizeof key.path); /* not changed */
    return bsearch(&key, selection->hidden, selection->hidden_count, sizeof key, hidden_compare);
}

void selection_free(struct selection *selection)
{
    for (size_t i = 0; i < selection->count; i++)
        free(selection->wanted[i].path);
    for (size_t i = 0; i < selection->hidden_count; i++) {
        free(selection->hidden[i].path);
        free(selection->hidden[i].name);
        buf_free(&selection->hidden[i].text);
    }
    free(selection->wanted);
    free(selection->hidden);
}
