/*
 * The contents that this run has written, as far as a bounded table remembers them. Each digest has
 * one place, which a later one may take: then a content may be written twice, which is harmless.
 */
#ifndef TARPACK_SEEN_H
#define TARPACK_SEEN_H

#include "digest.h"

#include <stdbool.h>

struct seen;

/* Returns an empty table of 8 MiB; NULL if memory is out. The caller releases it with free(). */
struct seen *seen_new(void);

/* Whether the table has the SHA-256 digest. */
bool seen_has(const struct seen *seen, const struct digest_value *digest);

/* Remembers the digest. */
void seen_add(struct seen *seen, const struct digest_value *digest);

#endif
