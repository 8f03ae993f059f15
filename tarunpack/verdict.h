/*
 * The verdict on an archive: maps the reader's last event and the digest of the stream to an exit
 * status. No state.
 */
#ifndef TARUNPACK_VERDICT_H
#define TARUNPACK_VERDICT_H

#include "archive/reader.h"
#include "digest.h"

/* Returns the status for the reader's last event, and prints a message unless that is STATUS_OK.
 * ARCHIVE_END: STATUS_OK, or STATUS_DIGEST if the stream's digest is not the expected one.
 * ARCHIVE_MALFORMED: if a digest is expected, reads and hashes the rest of the stream, and returns
 * STATUS_DIGEST if it differs (as it does for a truncated stream), else STATUS_ARCHIVE. `expected`
 * may be NULL. */
enum status verdict(const struct archive_input *input, enum archive_event event,
                    const struct digest_value *expected);

/* For an archive that is well-formed but describes a tree that cannot be built, after the message
 * about that was printed. Reads, hashes and returns as verdict() does for ARCHIVE_MALFORMED; prints
 * another message only if the digest is also wrong. */
enum status verdict_refused(const struct archive_input *input, const struct digest_value *expected);

/* After STATUS_OK: warns if bytes after the end of the archive were ignored. */
void verdict_warn(const struct reader *reader);

#endif
