/*
 * The file PACK.zst: its seek table and its frames, as they are in the file. Descriptors are closed
 * again after each use: there may be more packs than descriptors.
 */
#ifndef TARJOIN_PACK_FILE_H
#define TARJOIN_PACK_FILE_H

#include "seek_table.h"
#include "status.h"

#include <stdbool.h>

/* Zero-initialised its seek table was not read yet. */
struct pack_file {
    struct seek_table table;
    size_t current; /* for the caller: the frame that was used last */
    bool used;      /* for the caller */
};

/* Reads the seek table of pack `name` in the open directory, unless it was read before. `size` is
 * the size of the decompressed data by the index. Returns STATUS_OK; STATUS_SYSTEM, with the error
 * printed; or STATUS_ARCHIVE, with a static text in `*problem` that completes "PACK: ". */
enum status pack_file_open(struct pack_file *file, int directory, const char *name, uint64_t size,
                           const char **problem);

/* Replaces the contents of `bytes` by a frame. Thread-safe. Returns a status as pack_file_open().
 */
enum status pack_file_read(const struct pack_file *file, int directory, const char *name,
                           size_t frame, struct buf *bytes, const char **problem);

/* Stores the text. Returns STATUS_ARCHIVE. */
enum status pack_file_problem(const char **problem, const char *text);

#endif
