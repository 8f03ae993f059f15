/*
 * The index of a pack: a header and a line for each content, sorted by digest, all of the same
 * length, so that it is searched in place. Pure.
 *
 *     #index PACK SIZE
 *     DIGEST OFFSET LENGTH
 *
 * The bytes may be anything, and may change while they are read (a mapped file): a search ends,
 * stays within them, and returns nothing that it has not checked.
 */
#ifndef ZLSNAP_INDEX_H
#define ZLSNAP_INDEX_H

#include "buf.h"
#include "digest.h"
#include "pack.h"

#include <stddef.h>
#include <stdint.h>

/* The length of the header and of every line, with the newline. */
#define INDEX_LINE 87

/* The largest SIZE, and with it OFFSET. */
#define INDEX_SIZE_MAX UINT64_C(9999999999999)

/* The most contents of an index. */
#define INDEX_COUNT_MAX (1 << 30)

/* The bytes of a digest. */
#define INDEX_DIGEST 32

/* An index in memory. It owns nothing. */
struct index {
    const char *lines; /* behind the header */
    size_t count;
    uint64_t size;          /* of the decompressed data of the pack */
    char pack[PACK_DIGITS]; /* PACK */
    /* Makes searches faster, if it is not NULL: for each value of a prefix (see index_prefix())
     * without its last `shift` bits, of 32 to 63, the number of lines below; and then that of all
     * lines. */
    const uint32_t *starts;
    unsigned shift;
};

/* A content and where it is in the decompressed data. */
struct index_entry {
    unsigned char digest[INDEX_DIGEST]; /* SHA-256 */
    uint64_t offset;
    uint32_t length;
    uint32_t line; /* its number in the index; not written */
};

enum index_result { INDEX_FOUND, INDEX_ABSENT, INDEX_MALFORMED };

/* Appends a header. `pack` has PACK_DIGITS digits; `size` is at most INDEX_SIZE_MAX. Returns 0; -1
 * if memory is out. */
int index_append_header(struct buf *out, const char *pack, uint64_t size);

/* Appends a line. Returns 0; -1 if memory is out. */
int index_append(struct buf *out, const struct index_entry *entry);

/* Sorts entries by digest. */
void index_sort(struct index_entry *entries, size_t count);

/* Parses the header and takes the lines, which are borrowed; nothing of them is checked yet but
 * that they are whole. `starts` is NULL. Returns PACK_OK or PACK_BAD_INDEX. */
enum pack_error index_parse(struct index *index, const char *bytes, size_t length);

/* Parses line `number`, which is less than `count`. Returns PACK_OK or PACK_BAD_INDEX. */
enum pack_error index_get(const struct index *index, size_t number, struct index_entry *entry);

/* Stores the first 16 digits of the digest in line `number`, which is less than `count`. Returns
 * PACK_OK or PACK_BAD_INDEX. */
enum pack_error index_prefix(const struct index *index, size_t number, uint64_t *prefix);

/* A digest to be searched. */
struct index_key {
    unsigned char digest[INDEX_DIGEST];
    char hex[PACK_DIGITS];
    uint64_t prefix; /* its first 16 digits */
};

/* Makes the key of a SHA-256 digest, for any number of searches. */
struct index_key index_key(const struct digest_value *digest);

/* Searches. Stores the entry if it returns INDEX_FOUND. INDEX_MALFORMED: a line that was needed is
 * malformed or out of order. */
enum index_result index_find(const struct index *index, const struct index_key *key,
                             struct index_entry *entry);

#endif
