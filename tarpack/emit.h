/*
 * The output: the canonical tar, whose contents are read directly into its buffer, or its manifest,
 * whose contents go to a digester.
 */
#ifndef TARPACK_EMIT_H
#define TARPACK_EMIT_H

#include "buf.h"
#include "content/digester.h"
#include "status.h"
#include "tar_entry.h"

#include <stdbool.h>

enum emit_form { EMIT_TAR, EMIT_MANIFEST, EMIT_MANIFEST_TIMES };

struct emit {
    enum emit_form form;
    int fd;
    struct buf out;                /* not written yet */
    const struct tar_entry *entry; /* the current entry */
    uint64_t added;                /* a tar: bytes of its content so far */
    uint64_t written;              /* bytes written to fd in all */
    struct digester *digester;     /* manifests only; borrowed */
    struct digest_value value;     /* manifests: of the content of the last closed file */
    struct place place;            /* likewise; unless `known` */
    bool known;                    /* `value` is set by emit_known() */
    bool begun;                    /* the digester has begun the content */
    bool late;     /* the digest of the last closed file is not known yet; `value` is zero */
    size_t digits; /* of it, in the buffer */
    bool held;     /* a digest in the buffer is not known yet: it is not written */
};

/* Prepares to write to `fd`. A manifest needs a digester. Both are borrowed. Returns a status, as
 * all of these; an error is printed. */
enum status emit_start(struct emit *emit, int fd, enum emit_form form, struct digester *digester);

/* Starts the entry. Its content, entry->size bytes, follows through emit_space() or emit_zeros(),
 * then emit_close(). `entry` is borrowed until then. */
enum status emit_open(struct emit *emit, const struct tar_entry *entry);

/* Returns where the next bytes of the content go, and stores how many fit: at least 1 if any are
 * missing, at most as many as are missing. NULL after a printed error. */
void *emit_space(struct emit *emit, size_t *room);

/* Adds `length` bytes that were stored there. */
enum status emit_added(struct emit *emit, size_t length);

/* Adds zeros to the content. */
enum status emit_zeros(struct emit *emit, uint64_t length);

/* Sets the digest of the content, which then is not added, between emit_open() and emit_close().
 * Manifests only. */
void emit_known(struct emit *emit, const struct digest_value *value);

/* Completes the entry. */
enum status emit_close(struct emit *emit);

/* Stores a digest that was late at `digits`. */
void emit_fill(struct emit *emit, size_t digits, const struct digest_value *value);

/* Whether the buffer should be written, with emit_release(). */
bool emit_is_full(const struct emit *emit);

/* All digests in the buffer are known. Writes it if it is full. */
enum status emit_release(struct emit *emit);

/* Ends the archive and writes the rest of the buffer. */
enum status emit_finish(struct emit *emit);

/* Releases the memory. Without emit_finish() the archive is incomplete. */
void emit_free(struct emit *emit);

#endif
