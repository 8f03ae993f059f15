/*
 * The entries that --path selects: those that it names, all below them, and their directories, with
 * the whiteouts of those that it names and the markers of opaque directories.
 *
 * A file with several names has its content under the first of them. If only later ones are
 * selected, the first of these becomes the file. The manifest is therefore read twice: first to
 * find the names that are not selected, but whose content is needed.
 */
#ifndef TARJOIN_SELECTION_H
#define TARJOIN_SELECTION_H

#include "chunks.h"
#include "mtree_read.h"

/* An entry that is not selected, but a hard link to it is. */
struct hidden {
    char *path;
    struct buf text;           /* its line; empty until it was read */
    struct chunks_place place; /* of its chunks, if it is a large file */
    char *name;                /* the first selected name; NULL until that was written */
};

/* Zero-initialised it selects everything, and is safe to free. */
struct selection {
    struct wanted {
        char *path;
        bool found;
    } * wanted;
    size_t count, capacity;
    struct hidden *hidden; /* sorted once all are known */
    size_t hidden_count, hidden_capacity;
};

/* Adds a PATH; leading "/" and "./" mean nothing. Returns a status; an error is printed. */
enum status selection_add(struct selection *selection, const char *path);

/* Whether the entry is selected. Notes which PATHs have been found. */
bool selection_has(struct selection *selection, const char *path);

/* Whether every PATH was found. Prints the first one that was not. */
bool selection_is_found(const struct selection *selection);

/* Notes the target of a selected hard link; it may be a selected one. Returns 0; -1 if memory is
 * out. */
int selection_note(struct selection *selection, const char *target);

/* To be called after the last target. */
void selection_sort(struct selection *selection);

/* Returns the hidden entry, or NULL. Borrowed. */
struct hidden *selection_find(const struct selection *selection, const char *path);

/* Releases the memory. */
void selection_free(struct selection *selection);

#endif
