#include "select.h"

#include "cli.h"
#include "diag.h"
#include "tar_path.h"
#include "whiteout.h"

#include <stdlib.h>
#include <string.h>

static int path_compare(const void *left, const void *right)
{
    return tar_path_compare(((const struct select_path *)left)->path,
                            ((const struct select_path *)right)->path);
}

/* Adds a path, which it takes ownership of. There is room. */
static void path_add(struct selection *selection, struct buf *path, size_t operand)
{
    selection->paths[selection->count++] =
        (struct select_path){.path = path->bytes, .operand = operand};
    *path = (struct buf){0};
}

/* Adds the whiteout that hides the last path. */
static int whiteout_add(struct selection *selection)
{
    const struct select_path *last = &selection->paths[selection->count - 1];
    const char *name = tar_path_name(last->path);
    struct buf path = {0};
    if (strcmp(name, TAR_ROOT) == 0 || whiteout_parse(name, NULL) != WHITEOUT_NONE)
        return 0;
    int result = buf_append(&path, last->path, (size_t)(name - last->path));
    if (result == 0)
        result = buf_append_text(&path, WHITEOUT_PREFIX);
    if (result == 0)
        result = buf_append_text(&path, name);
    if (result == 0)
        path_add(selection, &path, last->operand);
    buf_free(&path);
    return result;
}

static enum status operand_take(struct selection *selection, size_t operand)
{
    const char *text = selection->operands[operand];
    struct buf path = {0};
    bool absolute = false;
    enum tar_error error = tar_path_normalise(text, &path, &absolute);
    if (error == TAR_OK)
        path_add(selection, &path, operand);
    buf_free(&path);
    if (error == TAR_OK && selection->whiteouts && whiteout_add(selection) != 0)
        error = TAR_NO_MEMORY;
    if (error == TAR_NO_MEMORY)
        return diag_no_memory();
    return error == TAR_OK ? STATUS_OK
                           : cli_usage("'%s': no entry can have this path: %s",
                                       diag_name(text).text, tar_error_text(error));
}

/* Notes which lengths the paths have. */
static int lengths_note(struct selection *selection)
{
    for (size_t i = 0; i < selection->count; i++) {
        size_t length = strlen(selection->paths[i].path);
        if (selection->longest < length)
            selection->longest = length;
    }
    selection->lengths = calloc(selection->longest + 1, sizeof *selection->lengths);
    for (size_t i = 0; selection->lengths && i < selection->count; i++)
        selection->lengths[strlen(selection->paths[i].path)] = true;
    return selection->lengths ? 0 : -1;
}

enum status select_paths(struct selection *selection, char *const operands[], size_t count,
                         bool whiteouts)
{
    enum status status = STATUS_OK;
    if (count == 0)
        return STATUS_OK;
    selection->operands = operands;
    selection->operand_count = count;
    selection->whiteouts = whiteouts;
    selection->found = calloc(count, sizeof *selection->found);
    selection->paths = calloc(count, 2 * sizeof *selection->paths);
    if (!selection->found || !selection->paths)
        return diag_no_memory();
    for (size_t i = 0; status == STATUS_OK && i < count; i++)
        status = operand_take(selection, i);
    qsort(selection->paths, selection->count, sizeof *selection->paths, path_compare);
    if (status == STATUS_OK && lengths_note(selection) != 0)
        status = diag_no_memory();
    return status;
}

/* The index of the first selected path that does not come before the first `length` bytes of
 * `path`. */
static size_t lower_bound(const struct selection *selection, const char *path, size_t length)
{
    size_t first = 0, end = selection->count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (tar_path_compare_start(selection->paths[middle].path, path, length) < 0)
            first = middle + 1;
        else
            end = middle;
    }
    return first;
}

/* Whether the first `length` bytes of `path` are a selected path. With `note`, notes its
 * operands. */
static bool is_selected(const struct selection *selection, const char *path, size_t length,
                        bool note)
{
    bool found = false;
    /* Most directories above a deep entry are as long as no selected path. */
    if (length > selection->longest || !selection->lengths[length])
        return false;
    size_t at = lower_bound(selection, path, length);
    for (; at < selection->count &&
           tar_path_compare_start(selection->paths[at].path, path, length) == 0;
         at++) {
        found = true;
        if (note)
            selection->found[selection->paths[at].operand] = true;
    }
    return found;
}

/* Whether the path, or a directory above it, is a selected path. */
static bool is_within(const struct selection *selection, const char *path, bool note)
{
    bool within = is_selected(selection, TAR_ROOT, strlen(TAR_ROOT), note);
    for (const char *end = path; end && (note || !within); end = *end ? end + 1 : NULL) {
        end += strcspn(end, "/");
        within = is_selected(selection, path, (size_t)(end - path), note) || within;
    }
    return within;
}

/* Whether a selected path is the directory at the first `length` bytes of `path`, or below it. */
static bool is_above(const struct selection *selection, const char *path, size_t length)
{
    if (length == 0 || (length == strlen(TAR_ROOT) && strncmp(path, TAR_ROOT, length) == 0))
        return true;
    size_t at = lower_bound(selection, path, length);
    if (at == selection->count || strncmp(selection->paths[at].path, path, length) != 0)
        return false;
    char next = selection->paths[at].path[length];
    return next == '\0' || next == '/';
}

bool select_take(const struct selection *selection, const struct tar_entry *entry)
{
    const char *path = entry->path, *name = tar_path_name(path);
    if (selection->count == 0 || is_within(selection, path, true))
        return true;
    if (selection->whiteouts && whiteout_parse(path, NULL) == WHITEOUT_OPAQUE)
        return is_above(selection, path, name > path ? (size_t)(name - path) - 1 : 0);
    return entry->type == TAR_DIRECTORY && is_above(selection, path, strlen(path));
}

bool select_has(const struct selection *selection, const char *path)
{
    return selection->count == 0 || is_within(selection, path, false);
}

enum status select_check(const struct selection *selection, const char *where)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < selection->operand_count; i++) {
        if (!selection->found[i])
            status = diag_error("%s: not in %s", diag_name(selection->operands[i]).text, where);
    }
    return status;
}

void select_free(struct selection *selection)
{
    for (size_t i = 0; i < selection->count; i++)
        free(selection->paths[i].path);
    free(selection->paths);
    free(selection->found);
    free(selection->lengths);
    *selection = (struct selection){0};
}
