/*
 * The cache file for the next run. At the end the caller decides whether it takes the place of the
 * old one.
 *
 * Until then the file has no name (O_TMPFILE), so a run that is killed leaves nothing behind. To
 * replace an existing file it is linked under the private name .NAME.zlsnap-AAAAAA and renamed; a
 * file that a killed run left under that name is removed. Concurrent runs may rename each other's
 * file, which is harmless: each is complete. On a file system without O_TMPFILE the file has the
 * private name from the start, and its run keeps it locked.
 */
#ifndef TARPACK_CACHE_WRITER_H
#define TARPACK_CACHE_WRITER_H

#include "buf.h"
#include "cache/reader.h"
#include "status.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cache_writer {
    const char *path; /* as the user wrote it; borrowed */
    int directory;    /* descriptor of the directory that holds the file */
    char name[NAME_MAX + 1];
    char temporary[NAME_MAX + 1]; /* the private name, always the same */
    bool has_name;                /* the new file exists under `temporary` */
    int fd;                       /* -1: another run is writing the cache */
    struct buf out;               /* bytes that are not written yet */
    size_t block;                 /* offset of the current block in `out` */
    uint64_t check;               /* of all blocks before it */
    bool held;                    /* the current block is not complete yet and not written */
    int error;                    /* errno of the first failed write, else 0 */
};

/* Creates a file in the directory of `path`. Returns a status; the error is printed. If another run
 * is writing the cache, that is a warning, and the cache is not updated. */
enum status cache_writer_open(struct cache_writer *writer, const char *path);

/* Writes the list of packs, before the first record. */
void cache_writer_packs(struct cache_writer *writer, const void *list, size_t length);

/* Instead of cache_writer_packs(), continues the file that `reader` has open: copies everything
 * before its next record. */
void cache_writer_continue(struct cache_writer *writer, const struct cache_reader *reader);

/* Adds a record; `rest` is its path and attributes. */
void cache_writer_add(struct cache_writer *writer, const struct cache_record *record,
                      const void *rest);

/* Whether the current block should be written, by cache_writer_release(). */
bool cache_writer_is_full(const struct cache_writer *writer);

/* From now on blocks are written as soon as they are full. */
void cache_writer_release(struct cache_writer *writer);

/* Completes the file and puts it in the place of the old one. Failure, also of an earlier write, is
 * a warning: the old file stays. */
void cache_writer_finish(struct cache_writer *writer);

/* Closes everything. Without cache_writer_finish() the new file is discarded. */
void cache_writer_close(struct cache_writer *writer);

#endif
