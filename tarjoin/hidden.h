/*
 * Entries that --path does not select, but whose content a selected hard link needs.
 *
 * A file with several names has its content under the first of them. If only later ones are
 * selected, the first of these becomes the file. The manifest is therefore read twice: first to
 * find these entries.
 */
#ifndef TARJOIN_HIDDEN_H
#define TARJOIN_HIDDEN_H

#include "buf.h"
#include "chunks.h"

/* An entry that is not selected, but a hard link to it is. */
struct hidden {
    char *path;
    struct buf text;           /* its line; empty until it was read */
    struct chunks_place place; /* of its chunks, if it is a large file */
    char *name;                /* the first selected name; NULL until that was written */
};

/* Zero-initialised it is empty, and safe to free. Only hidden.c uses its fields. */
struct hidden_list {
    struct hidden *entries; /* sorted by hidden_sort() */
    size_t count, capacity;
};

/* Notes the target of a selected hard link, which is not selected. Returns 0; -1 if memory is out.
 */
int hidden_note(struct hidden_list *list, const char *path);

/* To be called after the last target. */
void hidden_sort(struct hidden_list *list);

/* Returns the entry, or NULL if it is not in the list. Borrowed. */
struct hidden *hidden_find(const struct hidden_list *list, const char *path);

/* Releases the memory. */
void hidden_free(struct hidden_list *list);

#endif
