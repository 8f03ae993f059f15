/*
 * The extended attributes of one inode. Pure: no descriptors, no printing.
 */
#ifndef ZLSNAP_XATTRS_H
#define ZLSNAP_XATTRS_H

#include "buf.h"

#include <stdbool.h>
#include <stddef.h>

/* One attribute; valid until the list changes. */
struct xattr {
    const char *name; /* NUL-terminated */
    const void *value;
    size_t length; /* bytes of the value */
};

/* The offsets of an attribute's name and value in the list's text. */
struct xattr_slot {
    size_t name;
    size_t value;
    size_t length;
};

/* A list of attributes. Zero-initialised it is empty. It owns its memory. */
struct xattrs {
    struct xattr_slot *slots;
    size_t count;
    size_t capacity;
    struct buf text;
};

/* Appends an attribute; until xattrs_finish() a name may repeat. `name` has `name_length` bytes, no
 * NUL among them. Returns 0; -1 if memory is out. */
int xattrs_add(struct xattrs *list, const char *name, size_t name_length, const void *value,
               size_t length);

/* Sorts by the bytes of the names; of attributes with the same name the last one stays. Returns
 * false if another one of them has another value. */
bool xattrs_finish(struct xattrs *list);

/* The attribute at `index`, below list->count. */
struct xattr xattrs_get(const struct xattrs *list, size_t index);

/* The value of the attribute at `index`, writable. */
void *xattrs_value(struct xattrs *list, size_t index);

/* Stores the last attribute with that name. Returns 0; -1 if there is none. */
int xattrs_find(const struct xattrs *list, const char *name, struct xattr *found);

/* Removes the attribute at `index`, keeping the order of the others. */
void xattrs_remove(struct xattrs *list, size_t index);

/* Empties the list but keeps its memory. */
void xattrs_clear(struct xattrs *list);

/* Appends all of `from`. Returns 0; -1 if memory is out. */
int xattrs_copy(struct xattrs *list, const struct xattrs *from);

/* Whether an attribute with that name belongs to one machine, as labels and signatures of its
 * security policy do: tarpack and tarunpack leave it out unless it is asked for. */
bool xattr_is_local(const char *name);

/* Releases the memory and leaves an empty list. */
void xattrs_free(struct xattrs *list);

#endif
