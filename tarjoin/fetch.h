/*
 * Contents out of packs, verified by their digests.
 */
#ifndef TARJOIN_FETCH_H
#define TARJOIN_FETCH_H

#include "packs.h"
#include "status.h"

#include <stdint.h>

struct fetch;

/* Prepares to read from the packs in the open directory; both are borrowed. Stores NULL on failure.
 * The caller releases it with fetch_free(). Returns a status; the error is printed. */
enum status fetch_new(struct fetch **made, const struct packs *packs, int directory);

/* Stores the bytes of the content, valid until the next call. `length` is at most PACK_CONTENT_MAX.
 * If one pack does not have them right, all others are tried, with a warning. Returns STATUS_OK;
 * STATUS_ARCHIVE if no pack has the content or its frame is corrupt; STATUS_DIGEST if the bytes
 * have another digest; STATUS_SYSTEM. The error is printed; `path` is the file that needs the
 * content. */
enum status fetch_content(struct fetch *fetch, const char *path, const struct digest_value *digest,
                          size_t length, const unsigned char **bytes);

/* Prints the name of each pack that has the content first, once. Returns a status as
 * fetch_content(). */
enum status fetch_need(struct fetch *fetch, const char *path, const struct digest_value *digest);

/* Releases the memory. NULL is allowed. */
void fetch_free(struct fetch *fetch);

#endif
