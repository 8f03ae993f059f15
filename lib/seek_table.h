/*
 * The seek table of zstd's seekable format, without checksums: the last frame of a pack, a
 * skippable one. Pure.
 */
#ifndef ZLSNAP_SEEK_TABLE_H
#define ZLSNAP_SEEK_TABLE_H

#include "buf.h"
#include "pack.h"

#include <stddef.h>
#include <stdint.h>

/* The bytes at the end of the file that tell the length of the table. */
#define SEEK_TABLE_FOOTER 9

/* The bytes of the longest table. */
#define SEEK_TABLE_MAX (8 + 8 * PACK_FRAMES_MAX + SEEK_TABLE_FOOTER)

/* Where a frame begins: the number of bytes before it, in the file and in the decompressed data. */
struct seek_point {
    uint64_t offset;
    uint64_t content;
};

/* Frame I is from points[I] to points[I + 1]. Zero-initialised it is empty. It owns its memory. */
struct seek_table {
    struct seek_point *points; /* count + 1; NULL if empty */
    size_t count;
};

/* Appends the entry of a frame to `entries`, which becomes the table at the end. Returns 0; -1 if
 * memory is out. */
int seek_table_add(struct buf *entries, uint32_t length, uint32_t content);

/* Appends the table that has these entries to `out`. Returns 0; -1 if memory is out. */
int seek_table_encode(struct buf *out, const struct buf *entries);

/* Stores the length of the table whose last SEEK_TABLE_FOOTER bytes are `footer`; at most
 * SEEK_TABLE_MAX. Returns PACK_OK or PACK_BAD_SEEK_TABLE. */
enum pack_error seek_table_length(const unsigned char footer[static SEEK_TABLE_FOOTER],
                                  size_t *length);

/* Parses a table of `length` bytes that ends a file of `file_size` bytes. The frames must fill the
 * file before the table exactly, none longer than PACK_FRAME_MAX when decompressed; both sums can
 * be relied upon. Frees what `table` held. Returns PACK_OK, PACK_NO_MEMORY or PACK_BAD_SEEK_TABLE;
 * after an error `table` is empty. */
enum pack_error seek_table_parse(struct seek_table *table, const unsigned char *bytes,
                                 size_t length, uint64_t file_size);

/* The decompressed size of all frames. */
uint64_t seek_table_size(const struct seek_table *table);

/* The frame that holds the byte at `offset` of the decompressed data; `count` if it is behind the
 * end. */
size_t seek_table_find(const struct seek_table *table, uint64_t offset);

/* Releases the memory. */
void seek_table_free(struct seek_table *table);

#endif
