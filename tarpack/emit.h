/*
 * The output: the canonical tar, or the manifest of what it would hold. Everything goes through one
 * large buffer, into which contents are read directly.
 */
#ifndef TARPACK_EMIT_H
#define TARPACK_EMIT_H

#include "buf.h"
#include "digest.h"
#include "status.h"
#include "tar_entry.h"

#include <stdbool.h>

enum emit_form { EMIT_TAR, EMIT_MANIFEST, EMIT_MANIFEST_TIMES };

struct emit {
    enum emit_form form;
    int fd;
    struct buf out;                /* what waits to be written */
    const struct tar_entry *entry; /* whose content is being added */
    uint64_t added;                /* bytes of that content so far */
    uint64_t written;              /* bytes written to fd in all */
    struct digest *digest;         /* manifests only */
    struct digest_value value;     /* of the content of the file that was closed last */
    bool known;                    /* it is there before the entry is closed */
};

/* Prepares to write to `fd`, which stays the caller's. Returns a status; the line is printed. */
enum status emit_start(struct emit *emit, int fd, enum emit_form form);

/* Adds the entry; its content follows through emit_space() or emit_zeros() until entry->size bytes
 * are there, then emit_close(). `entry` is borrowed until then. Returns a status. */
enum status emit_open(struct emit *emit, const struct tar_entry *entry);

/* Where the next bytes of the content can be put: stores how many there is room for, at least 1 and
 * no more than are still missing, unless none are missing. NULL after a printed error. */
void *emit_space(struct emit *emit, size_t *room);

/* Adds the `length` bytes that were put there. Returns a status. */
enum status emit_added(struct emit *emit, size_t length);

/* Adds zeros to the content. Returns a status. */
enum status emit_zeros(struct emit *emit, uint64_t length);

/* In a manifest, the content has this digest, and is not added. */
void emit_known(struct emit *emit, const struct digest_value *value);

/* Completes the entry. Returns a status. */
enum status emit_close(struct emit *emit);

/* Ends the archive and writes what is left. Returns a status. */
enum status emit_finish(struct emit *emit);

/* Releases the memory. What was not finished stays unwritten or without its end. */
void emit_free(struct emit *emit);

#endif
