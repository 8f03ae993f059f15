#include "subtrees.h"

#include "diag.h"

#include <string.h>

/* The hash of a file or symbolic link in the directory `above`; 0 if the line is none. */
static uint64_t file_hash(const struct words *words, struct slice above)
{
    const struct slice *content =
        &words->values[words->values[WORD_DIGEST].at ? WORD_DIGEST : WORD_LINK];
    if (!content->at || words->path.length <= above.length || !path_is_within(words->path, above))
        return 0;
    uint64_t hash =
        places_hash(1, words->path.at + above.length, words->path.length - above.length);
    return places_hash(hash, content->at, content->length);
}

static bool is_directory(const struct words *words)
{
    return slice_equal(words->values[WORD_TYPE], slice_of("dir"));
}

/* Adds the file for the directories that it is in and that began shortly before. */
static void file_add(struct subtrees *subtrees, const struct words *words)
{
    for (size_t i = 0; i < SUBTREE_LINES; i++) {
        struct subtree *subtree = &subtrees->last[i];
        if (!subtree->path.bytes || subtrees->line - subtree->line > SUBTREE_LINES ||
            subtree->files == SUBTREE_FILES)
            continue;
        struct slice above = {subtree->path.bytes, subtree->path.length};
        uint64_t hash = file_hash(words, above);
        if (hash != 0) {
            places_add(&subtrees->places, hash, subtree->offset);
            subtree->files++;
        }
    }
}

/* Adds the next line of OLD. */
static enum status line_add(struct subtrees *subtrees, struct slice line, uint64_t offset)
{
    struct words words;
    subtrees->line++;
    if (!words_split(&words, line))
        return STATUS_OK;
    if (!is_directory(&words)) {
        file_add(subtrees, &words);
        return STATUS_OK;
    }
    struct subtree *subtree = &subtrees->last[subtrees->line % SUBTREE_LINES];
    subtree->offset = offset;
    subtree->line = subtrees->line;
    subtree->files = 0;
    return buf_set_text(&subtree->path, words.path.at, words.path.length) == 0 ? STATUS_OK
                                                                               : diag_no_memory();
}

enum status subtrees_read(struct subtrees *subtrees, const struct input *old)
{
    struct input input = {.name = old->name};
    struct slice line;
    /* A tree has about one directory for twelve entries, a line has more than 100 bytes. */
    if (places_start(&subtrees->places, old->size / 300) != 0)
        return diag_no_memory();
    lines_start(&input.lines, old->fd, true);
    enum status status = input_start(&input);
    while (status == STATUS_OK) {
        const uint64_t offset = input.lines.offset;
        status = input_next(&input, &line);
        if (status != STATUS_OK || !line.at)
            break;
        status = line_add(subtrees, line, offset);
    }
    lines_free(&input.lines);
    return status;
}

/* The directories that files were found for. */
struct votes {
    uint64_t offsets[SUBTREE_FILES * PLACES_EACH];
    unsigned counts[SUBTREE_FILES * PLACES_EACH];
    size_t count;
};

static void vote(struct votes *votes, uint64_t offset)
{
    size_t i = 0;
    while (i < votes->count && votes->offsets[i] != offset)
        i++;
    if (i == votes->count) {
        votes->offsets[votes->count++] = offset;
        votes->counts[i] = 0;
    }
    votes->counts[i]++;
}

static void file_find(const struct subtrees *subtrees, uint64_t hash, struct votes *votes)
{
    uint64_t offsets[PLACES_EACH];
    size_t count = places_find(&subtrees->places, hash, offsets);
    for (size_t i = 0; i < count; i++)
        vote(votes, offsets[i]);
}

static bool votes_count(const struct votes *votes, uint64_t *offset)
{
    size_t best = 0;
    for (size_t i = 1; i < votes->count; i++) {
        if (votes->counts[i] > votes->counts[best])
            best = i;
    }
    if (votes->count > 0)
        *offset = votes->offsets[best];
    return votes->count > 0;
}

enum status subtrees_find(const struct subtrees *subtrees, struct slice path, struct input *next,
                          uint64_t *offset, bool *found)
{
    struct votes votes = {.count = 0};
    struct words words;
    struct slice line;
    for (unsigned lines = 0, files = 0; lines < SUBTREE_LINES && files < SUBTREE_FILES; lines++) {
        enum status status = input_next(next, &line);
        if (status != STATUS_OK)
            return status;
        if (!line.at || !words_split(&words, line) || !path_is_within(words.path, path))
            break;
        uint64_t hash = file_hash(&words, path);
        if (hash != 0) {
            file_find(subtrees, hash, &votes);
            files++;
        }
    }
    *found = votes_count(&votes, offset);
    return STATUS_OK;
}

void subtrees_free(struct subtrees *subtrees)
{
    for (size_t i = 0; i < SUBTREE_LINES; i++)
        buf_free(&subtrees->last[i].path);
    places_free(&subtrees->places);
}
