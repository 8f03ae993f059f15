/*
 * Builds archives for unit tests, entry by entry.
 */
#ifndef ZLSNAP_TEST_ARCHIVE_H
#define ZLSNAP_TEST_ARCHIVE_H

#include "buf.h"

#include <stdint.h>

/* All functions append to `archive`, or nothing if memory runs out. */

/* A ustar header with mode 0644, owner 0 and a time of 10^9 seconds. Truncates `name` to 100
 * bytes. */
void archive_add_header(struct buf *archive, char type, const char *name, uint64_t size);

/* Gives a header block the magic of GNU tar, and its checksum. */
void archive_seal_gnu(char *block);

/* Bytes, padded to whole blocks. */
void archive_add_content(struct buf *archive, const void *bytes, size_t length);

/* A file with its content. */
void archive_add_file(struct buf *archive, const char *name, const char *text);

/* An extended header of that type with these records, as tar_record_append() makes them. */
void archive_add_records(struct buf *archive, char type, const struct buf *records);

/* The same with one record. */
void archive_add_pax(struct buf *archive, char type, const char *key, const char *value);

/* The two blocks at the end. */
void archive_add_end(struct buf *archive);

#endif
