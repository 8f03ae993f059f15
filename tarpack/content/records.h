/*
 * The contents stream (lib/contents): a record of each content and chunk that is in no pack of
 * --known. Equal ones get one record, as far as a bounded table remembers.
 */
#ifndef TARPACK_RECORDS_H
#define TARPACK_RECORDS_H

#include "buf.h"
#include "cache/place.h"
#include "content/known.h"
#include "content/seen.h"
#include "status.h"

/* Zero-initialised it is closed. */
struct records {
    int fd;              /* borrowed */
    struct known *known; /* borrowed */
    struct seen *seen;   /* NULL: closed */
    struct buf out;      /* not written yet, and at its end the content that has begun */
    size_t begun;        /* where the record of that content begins */
};

/* Starts a stream. Returns a status, as all of these; an error is printed. */
enum status records_open(struct records *records, int fd, struct known *known);

/* Starts the record of a file of `size` bytes, 1 to PACK_CONTENT_MAX. Its content is then stored at
 * records_space(), each part of it announced by records_added(). records_end() takes the digest and
 * stores the place. */
enum status records_begin(struct records *records, uint32_t size);
void *records_space(const struct records *records);
void records_added(struct records *records, size_t length);
enum status records_end(struct records *records, const struct digest_value *value,
                        struct place *place);

/* Stores whether a content, whose record is elsewhere, is not new, and its place. A new one must
 * then be written. */
enum status records_note(struct records *records, const struct digest_value *value,
                         struct place *place, bool *found);

/* Writes whole records, behind all others. */
enum status records_write(struct records *records, const void *bytes, size_t length);

/* Adds the record of a chunk, unless it is not new. Stores the pack that has it; 0: none. */
enum status records_chunk(struct records *records, const void *bytes, uint32_t length,
                          const struct digest_value *value, uint32_t *pack);

/* Stores whether a content or chunk is not new, and the pack that has it; 0: none. */
enum status records_find(const struct records *records, const struct digest_value *value,
                         uint32_t *pack, bool *found);

/* Ends the stream, writes the rest and closes the descriptor. */
enum status records_finish(struct records *records);

/* Releases the memory; without records_finish() the stream is cut. */
void records_close(struct records *records);

#endif
