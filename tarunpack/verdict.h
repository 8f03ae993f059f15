/*
 * What a stream turned out to be, once it was read to its end.
 */
#ifndef TARUNPACK_VERDICT_H
#define TARUNPACK_VERDICT_H

#include "archive/input.h"
#include "digest.h"

/* For what the reader ended with. ARCHIVE_END: whether the digest of the stream is the expected
 * one. ARCHIVE_MALFORMED: the rest of the stream is read and hashed if a digest is expected; a
 * wrong one (a cut stream has one) is STATUS_DIGEST, else it is STATUS_ARCHIVE. The other events
 * have their status. `expected` may be NULL. One line is printed unless the status is STATUS_OK. */
enum status verdict(const struct archive_input *input, enum archive_event event,
                    const struct digest_value *expected);

/* For an archive that is sound but asks for a tree that can't be; the line that says so is printed.
 * Reads, hashes and returns as verdict() does for ARCHIVE_MALFORMED; a line is printed only where
 * the digest is wrong besides. */
enum status verdict_refused(const struct archive_input *input, const struct digest_value *expected);

#endif
