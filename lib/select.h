/*
 * The entries that the PATHs of a command line select: the entries at these paths, everything below
 * them, and the directories above them. Without a PATH, all. Knows entries, not the tree. Only
 * select.c uses the fields of struct selection.
 */
#ifndef ZLSNAP_SELECT_H
#define ZLSNAP_SELECT_H

#include "status.h"
#include "tar_entry.h"

#include <stdbool.h>
#include <stddef.h>

struct select_path {
    char *path;     /* as tar_entry.path; owned */
    size_t operand; /* the index of the PATH that it is from */
};

/* Zero-initialised it selects everything. It owns its memory. */
struct selection {
    char *const *operands; /* borrowed */
    bool *found;           /* for each PATH, whether an entry was at or below it */
    size_t operand_count;
    bool whiteouts;
    struct select_path *paths; /* in the order of tar_path_compare() */
    size_t count;
    bool *lengths; /* whether a path has as many bytes, up to `longest` */
    size_t longest;
};

/* Selects the `count` PATHs in `operands`, which are borrowed. `whiteouts` tells whether names that
 * begin with
 * ".wh." are whiteouts: a path then also selects the whiteout that hides it, and a directory its
 * opaque marker. Returns STATUS_OK; STATUS_USAGE for a path that no entry can have; STATUS_SYSTEM.
 * Errors are printed. Call it once. */
enum status select_paths(struct selection *selection, char *const operands[], size_t count,
                         bool whiteouts);

/* Whether the entry is selected. Notes the PATHs that it is at or below. */
bool select_take(const struct selection *selection, const struct tar_entry *entry);

/* Whether an entry at `path` that is not a directory is selected. Notes nothing. */
bool select_has(const struct selection *selection, const char *path);

/* Prints an error for each PATH that no entry was at or below: "PATH: not in WHERE". Returns
 * STATUS_OK, or STATUS_SYSTEM if there was one. */
enum status select_check(const struct selection *selection, const char *where);

/* Releases the memory. */
void select_free(struct selection *selection);

#endif
