/*
 * The names in one directory, sorted by their bytes.
 */
#ifndef ZLSNAP_NAMES_H
#define ZLSNAP_NAMES_H

#include "buf.h"

#include <stdbool.h>
#include <stddef.h>

struct name {
    size_t text;        /* its offset in names.text; NUL-terminated */
    unsigned char type; /* d_type of readdir(3): a hint */
};

/* Zero-initialised it is empty. It owns its memory. */
struct names {
    struct name *list;
    size_t count;
    size_t capacity;
    size_t next; /* the caller's cursor */
    struct buf text;
};

/* Reads all names but "." and ".." of the open directory `fd`, sorted by their bytes, into the
 * empty `names`. `fd` must be at its beginning; on btrfs, names made after it was opened are
 * missing. Returns 0; -1 with errno set, and then names_free() is still needed. */
int names_read(struct names *names, int fd);

/* The same for the directory `name` in the open directory `parent`. A link is not followed; "." is
 * `parent` itself. */
int names_read_in(struct names *names, int parent, const char *name);

/* Copies `from` into the empty `names`; its cursor is at the beginning. Returns 0; -1 if memory is
 * out, and then `names` is empty. */
int names_copy(struct names *names, const struct names *from);

/* Sorts by what `key` makes of each name instead, and by the names if that is equal; names_find()
 * must not be used then. */
void names_sort(struct names *names, const char *(*key)(const char *name));

/* The text of a name; valid until names_free(). */
const char *names_text(const struct names *names, size_t index);

/* Whether one of the names is `text`. */
bool names_find(const struct names *names, const char *text);

/* Releases the memory. */
void names_free(struct names *names);

#endif
