/*
 * What an earlier run has read: for each regular file its status, its attributes and the digest of
 * its content, so that a file whose status is the same needs not be opened again.
 *
 * The cache file holds the files in the order of the walk, so both the old and the new one are gone
 * through once, beside it, and memory does not grow with them. It is replaced by a rename, unless
 * nothing has changed. What is wrong with an old one is a warning: then everything is read, or what
 * comes behind the damage.
 *
 * A file is the same if path, device, inode, size, mtime and ctime are: ctime changes with content,
 * attributes, mode and owner, and nobody can set it. A file that was changed so shortly before it
 * was read that a later change might leave its times the same is not remembered; git's index calls
 * that racy (gitformat-index).
 */
#ifndef TARPACK_CACHE_H
#define TARPACK_CACHE_H

#include "buf.h"
#include "cache_new.h"
#include "cache_old.h"
#include "digest.h"
#include "status.h"
#include "walk.h"
#include "xattrs.h"

#include <stdbool.h>
#include <time.h>

/* Zero-initialised there is no cache, and cache_free() does nothing. */
struct cache {
    bool open;
    struct timespec racy; /* what was changed at this time or later is not remembered */
    struct cache_old old;
    struct cache_new new;
    unsigned char found[CACHE_DIGEST_BYTES];
    struct buf begun; /* the record of the present file; empty: it has none yet */
};

/* Opens the cache file at `path`, which need not be there yet, and makes the new one beside it.
 * Returns a status: STATUS_SYSTEM where that can't be made; the line is printed. */
enum status cache_open(struct cache *cache, const char *path);

/* Whether the file, of which only the status was read, is the one that is remembered. Then its
 * attributes are stored, and it stays remembered. Items have to come in the order of the walk. */
bool cache_find(struct cache *cache, const struct walk_item *item, struct xattrs *xattrs);

/* The digest that cache_find() found. */
void cache_digest(const struct cache *cache, struct digest_value *value);

/* Begins to remember a file that was opened, with all its attributes; its content follows in
 * cache_add(). What was begun before and not added is forgotten. */
void cache_begin(struct cache *cache, const struct walk_item *item, const struct xattrs *xattrs);

/* Remembers the file that was begun last, if one was since cache_find(), with this digest of its
 * content. */
void cache_add(struct cache *cache, const struct digest_value *value);

/* Puts the new file in the place of the old one. That it can't be is a warning. */
void cache_finish(struct cache *cache);

/* Closes all; without cache_finish() the old file stays. */
void cache_free(struct cache *cache);

#endif
