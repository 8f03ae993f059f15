/*
 * What earlier runs have read: status, attributes and content digest of each regular file, and the
 * place of its content. A file whose status has not changed is not opened again.
 *
 * The cache file lists the files in the order of the walk. The old and the new file are processed
 * in step with the walk, so memory does not grow with them. The new file is written from the first
 * change on, and replaces the old one by a rename; without a change the old one stays. Damage in
 * the old file is a warning, and the files behind it are read.
 *
 * A file is unchanged if its device, inode, size, mtime and ctime are: ctime changes with content,
 * attributes, mode and owner, and cannot be set. Its path only tells where its record is; if that
 * is not there, a table of inodes tells (moved.h): a directory above it may have been renamed. A
 * file that changed just before it was read is not recorded, since a later change might leave its
 * times the same (git calls such an entry racy: gitformat-index).
 */
#ifndef TARPACK_CACHE_H
#define TARPACK_CACHE_H

#include "cache/place.h"
#include "digest.h"
#include "packs.h"
#include "status.h"
#include "tree/walk.h"
#include "xattrs.h"

#include <stdbool.h>
#include <stddef.h>

struct cache;

/* Opens the cache file `path`, which need not exist, and starts a new one beside it. Places refer
 * to the packs of `known`; with NULL they stay as they are. Stores NULL on failure. Returns a
 * status; the error is printed. */
enum status cache_open(struct cache **opened, const char *path, const struct packs *known);

/* Whether earlier runs have left records. */
bool cache_is_warm(const struct cache *cache);

/* Whether the file is unchanged, but for its path; only its status has to be known. If so, stores
 * its attributes. Items must come in the order of the walk. */
bool cache_find(struct cache *cache, const struct walk_item *item, struct xattrs *xattrs);

/* Stores the digest of the file that cache_find() found, and the place of its content. */
void cache_get(const struct cache *cache, struct digest_value *value, struct place *place);

/* Keeps the record of the file that cache_find() has just found, with this place. */
void cache_keep(struct cache *cache, const struct place *place);

/* Starts the record of a file that was opened, with its unfiltered attributes. A record that was
 * started before and not completed by cache_add() is discarded. */
void cache_begin(struct cache *cache, const struct walk_item *item, const struct xattrs *xattrs);

/* Completes the record that cache_begin() started, if any, with the digest and the place of the
 * content. */
void cache_add(struct cache *cache, const struct digest_value *value, const struct place *place);

/* Completes the record as cache_add(), but for the digest and the place, which cache_fill() stores.
 * Returns where it is. */
size_t cache_add_late(struct cache *cache);
void cache_fill(struct cache *cache, size_t record, const struct digest_value *value,
                const struct place *place);

/* After cache_add_late() nothing is written until cache_release(), before which all such records
 * must be filled. That must come when the cache is full, before a further record is added. */
bool cache_is_full(const struct cache *cache);
void cache_release(struct cache *cache);

/* Replaces the old file if anything has changed. Failure is a warning. NULL is allowed. */
void cache_finish(struct cache *cache);

/* Closes and releases everything; without cache_finish() the old file stays. NULL is allowed. */
void cache_free(struct cache *cache);

#endif
