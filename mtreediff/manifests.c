#include "manifests.h"

#include "array.h"
#include "diag.h"
#include "mtree_read.h"
#include "subtrees.h"

#include <stdlib.h>
#include <string.h>

/* Directories that were renamed, one in another. */
#define LEVELS_MAX 64

/* A place in OLD: the whole file, or the subtree of a renamed directory. */
struct level {
    struct buf from, to; /* the paths of the directory */
    struct move move;
    uint64_t number; /* of the move; 0: none */
    uint64_t offset; /* where to go on after a level above this one */
};

struct comparison {
    struct input *old, *new, *peek;
    struct subtrees subtrees; /* of OLD */
    bool subtrees_known;      /* they are read when the first one is looked for */
    struct script *script;
    struct level levels[LEVELS_MAX];
    size_t depth; /* the index of the current level */
    uint64_t moves;
    struct slice old_line; /* the next one of OLD; empty: none in this level */
    bool old_whole;        /* that line is not split yet */
    struct words old_words;
    struct buf moved;              /* its words */
    struct buf old_path, new_path; /* unescaped, to be compared */
};

static struct level *level_of(struct comparison *comparison)
{
    return &comparison->levels[comparison->depth];
}

/* The signature is a line without keys, which words_split() takes for a path. */
static enum status split(const struct input *input, struct words *words, struct slice line)
{
    return words_split(words, line) ? STATUS_OK
                                    : input_malformed(input, "changed while it was read");
}

/* Reads the next line of OLD. */
static enum status old_next(struct comparison *comparison)
{
    struct level *level = level_of(comparison);
    struct slice *line = &comparison->old_line;
    enum status status = input_next(comparison->old, line);
    if (status != STATUS_OK || !line->at)
        return status;
    comparison->old_whole = level->number == 0;
    if (comparison->old_whole)
        return STATUS_OK;
    status = split(comparison->old, &comparison->old_words, *line);
    if (status != STATUS_OK)
        return status;
    if (!path_is_within(comparison->old_words.path, level->move.from))
        *line = (struct slice){0};
    else if (words_move(&comparison->old_words, &level->move, &comparison->moved) != 0)
        return diag_no_memory();
    return STATUS_OK;
}

/* Splits the current line of OLD, unless it was. */
static enum status old_split(struct comparison *comparison)
{
    if (!comparison->old_line.at || !comparison->old_whole)
        return STATUS_OK;
    comparison->old_whole = false;
    return split(comparison->old, &comparison->old_words, comparison->old_line);
}

/* Leaves the levels of directories that the path is not in. */
static enum status levels_leave(struct comparison *comparison, struct slice path)
{
    const size_t depth = comparison->depth;
    while (comparison->depth > 0 && !path_is_within(path, level_of(comparison)->move.to))
        comparison->depth--;
    if (comparison->depth == depth)
        return STATUS_OK;
    input_seek(comparison->old, level_of(comparison)->offset);
    return old_next(comparison);
}

/* Where the current line of OLD begins, or the file is. */
static uint64_t old_offset(const struct comparison *comparison)
{
    const struct slice *line = &comparison->old_line;
    return comparison->old->lines.offset - (line->at ? line->length + 1 : 0);
}

/* Enters the directory of OLD whose line begins at `offset` as `to`. */
static enum status level_enter(struct comparison *comparison, uint64_t offset, struct slice to)
{
    struct level *level = level_of(comparison), *next = level + 1;
    struct slice line;
    struct words words;
    level->offset = old_offset(comparison);
    input_seek(comparison->old, offset);
    enum status status = input_next(comparison->old, &line);
    if (status == STATUS_OK)
        status = split(comparison->old, &words, line.at ? line : slice_of(" "));
    if (status != STATUS_OK)
        return status;
    if (buf_set_text(&next->from, words.path.at, words.path.length) != 0 ||
        buf_set_text(&next->to, to.at, to.length) != 0)
        return diag_no_memory();
    next->move.from = (struct slice){next->from.bytes, next->from.length};
    next->move.to = (struct slice){next->to.bytes, next->to.length};
    next->number = ++comparison->moves;
    comparison->depth++;
    input_seek(comparison->old, offset);
    return old_next(comparison);
}

/* Looks for what the directory was before it was renamed; if that is found, enters it. */
static enum status level_find(struct comparison *comparison, const struct words *words)
{
    uint64_t offset = 0;
    bool found = false;
    if (comparison->depth + 1 == LEVELS_MAX ||
        !slice_equal(words->values[WORD_TYPE], slice_of("dir")))
        return STATUS_OK;
    enum status status = STATUS_OK;
    if (!comparison->subtrees_known)
        status = subtrees_read(&comparison->subtrees, comparison->old);
    if (status != STATUS_OK)
        return status;
    comparison->subtrees_known = true;
    input_seek(comparison->peek, comparison->new->lines.offset);
    status = subtrees_find(&comparison->subtrees, words->path, comparison->peek, &offset, &found);
    return status == STATUS_OK && found ? level_enter(comparison, offset, words->path) : status;
}

/* Compares the paths of the current lines in the order of the walk. */
static enum status paths_compare(struct comparison *comparison, struct slice path, int *order)
{
    struct slice old = comparison->old_words.path;
    *order = 0;
    if (slice_equal(old, path))
        return STATUS_OK;
    enum mtree_error error = mtree_read_path(&comparison->old_path, old.at, old.length);
    if (error == MTREE_OK)
        error = mtree_read_path(&comparison->new_path, path.at, path.length);
    if (error == MTREE_NO_MEMORY)
        return diag_no_memory();
    if (error == MTREE_OK)
        *order = mtree_path_compare(comparison->old_path.bytes, comparison->new_path.bytes);
    /* The first line is no path; and with --whiteouts=raw, a whiteout is another entry than what it
     * hides, but compares the same. */
    if (*order == 0)
        *order = -1;
    return STATUS_OK;
}

/* Goes to the line of OLD that has the path. `*found` tells whether there is one. */
static enum status old_reach(struct comparison *comparison, struct slice path, bool *found)
{
    int order = -1;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && comparison->old_line.at) {
        status = old_split(comparison);
        if (status == STATUS_OK)
            status = paths_compare(comparison, path, &order);
        if (status != STATUS_OK || order >= 0)
            break;
        status = old_next(comparison);
    }
    *found = comparison->old_line.at && order == 0;
    return status;
}

/* The current line of OLD. */
static struct script_line old_used(const struct comparison *comparison)
{
    const struct level *level = &comparison->levels[comparison->depth];
    return (struct script_line){old_offset(comparison), comparison->old_line.length + 1,
                                &level->move, level->number};
}

/* Copies it. */
static enum status line_copy(struct comparison *comparison)
{
    const struct script_line used = old_used(comparison);
    enum status status = script_copy(comparison->script, &used);
    return status == STATUS_OK ? old_next(comparison) : status;
}

/* The current line of OLD becomes the line of NEW. */
static enum status line_use(struct comparison *comparison, struct slice line,
                            const struct words *words)
{
    const struct level *level = level_of(comparison);
    bool same = level->number == 0 ? slice_equal(comparison->old_line, line)
                                   : words_equal(&comparison->old_words, words);
    if (same)
        return line_copy(comparison);
    const struct script_line used = old_used(comparison);
    enum status status = script_change(comparison->script, &used, &comparison->old_words, words);
    return status == STATUS_OK ? old_next(comparison) : status;
}

static enum status line_compare(struct comparison *comparison, struct slice line)
{
    struct words words;
    bool found = false;
    /* Most lines are the same, and need not be split. */
    if (comparison->depth == 0 && slice_equal(comparison->old_line, line))
        return line_copy(comparison);
    enum status status = split(comparison->new, &words, line);
    if (status == STATUS_OK)
        status = levels_leave(comparison, words.path);
    if (status == STATUS_OK)
        status = old_reach(comparison, words.path, &found);
    if (status == STATUS_OK && !found) {
        const size_t depth = comparison->depth;
        status = level_find(comparison, &words);
        found = comparison->depth > depth;
    }
    if (status != STATUS_OK)
        return status;
    return found ? line_use(comparison, line, &words)
                 : script_add(comparison->script, line, &words);
}

enum status manifests_compare(struct input *old, struct input *new, struct input *peek,
                              struct script *script)
{
    struct comparison *comparison = calloc(1, sizeof *comparison);
    if (!comparison)
        return diag_no_memory();
    comparison->old = old;
    comparison->new = new;
    comparison->peek = peek;
    comparison->script = script;
    enum status status = old_next(comparison);
    while (status == STATUS_OK) {
        struct slice line;
        status = input_next(new, &line);
        if (status != STATUS_OK || !line.at)
            break;
        status = line_compare(comparison, line);
    }
    for (size_t i = 0; i < LEVELS_MAX; i++) {
        buf_free(&comparison->levels[i].from);
        buf_free(&comparison->levels[i].to);
    }
    subtrees_free(&comparison->subtrees);
    buf_free(&comparison->moved);
    buf_free(&comparison->old_path);
    buf_free(&comparison->new_path);
    free(comparison);
    return status;
}
