/*
 * Selected hard links whose first name, the target, is not selected. When such a link is read, the
 * content of its target has already passed. If the archive can be read again, the second reading
 * makes each such target under the name of its first selected link, and links the others to that.
 * Knows entries, not the tree. The fields of the structs are private to relink.c.
 */
#ifndef TARUNPACK_RELINK_H
#define TARUNPACK_RELINK_H

#include "status.h"
#include "tar_entry.h"

#include <stdbool.h>
#include <stddef.h>

/* One link; the first one to a target also stands for that target. */
struct relink_link {
    const char *path, *link;   /* of the entry; in `texts` */
    const char *target;        /* the first name: `link`, or the target of the link at that path */
    bool replaced;             /* a later entry has its path */
    bool early;                /* the second reading met it before its target */
    bool made;                 /* the second reading made it */
    struct relink_link *newer; /* the next link of the archive */
    struct relink_link *first; /* the first link to the target */
    struct relink_link *next;  /* the next link to the target */
    struct relink_link *last;  /* only in `first`: the last link to the target so far */
    struct relink_link *stand; /* only in `first`: the link that became the target's file */
    bool twice;                /* only in `first`: the target occurs twice */
    char texts[];
};

/* Zero-initialised it is empty. It owns its memory. */
struct relink {
    struct relink_link *oldest, *newest; /* the links in the order of the archive; NULL: none */
    void *by_path, *by_target;           /* trees of tsearch(3) */
    size_t bytes;                        /* of memory, about */
};

/* Whether `target` is a noted link: a link to it has to be noted, too, although it is selected. */
bool relink_has(const struct relink *relink, const char *target);

/* Notes a link. A link to a noted link has the target of that one. Returns a status; errors are
 * printed. STATUS_ARCHIVE if the links need too much memory. */
enum status relink_add(struct relink *relink, const struct tar_entry *entry);

/* Notes that a later entry has this path. */
void relink_replace(struct relink *relink, const char *path);

/* In the second reading: whether something is to be made of the entry, which is stored in `*made`:
 * a target under another path, or a link with another target. Its texts are borrowed from `entry`
 * and `relink`. */
bool relink_take(const struct relink *relink, const struct tar_entry *entry,
                 struct tar_entry *made);

/* Prints an error for each link that was not made; `again` tells whether there was a second
 * reading. Returns STATUS_OK, or STATUS_SYSTEM if there was one. */
enum status relink_check(const struct relink *relink, bool again);

/* Releases the memory. */
void relink_free(struct relink *relink);

#endif
