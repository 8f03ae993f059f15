/*
 * Writes frames to packs.
 *
 * A pack becomes visible in two steps, when both of its files are complete: PACK.zst gets its name,
 * then PACK.index. So every index has its pack, at every instant; with syncs between the steps also
 * after a power cut. A PACK.zst without PACK.index, the most that a killed run leaves, is whole,
 * but does not count as a pack.
 */
#ifndef TARSTORE_WRITER_H
#define TARSTORE_WRITER_H

#include "buf.h"
#include "digest.h"
#include "frame.h"
#include "index.h"
#include "newfile.h"
#include "status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What was stored in finished packs. */
struct writer_total {
    uint64_t packs;
    uint64_t contents;
    uint64_t content_bytes;
    uint64_t compressed_bytes; /* of the files PACK.zst */
};

struct writer {
    int directory;    /* borrowed */
    const char *path; /* of it, for messages; borrowed */
    uint64_t pack_size;
    bool sync;
    struct writer_total total;
    /* The current pack, if `data` is open: */
    struct newfile data;
    struct digest *digest; /* of the file; kept for the next pack */
    uint64_t size;         /* of the file */
    uint64_t content;      /* decompressed */
    struct buf frames;     /* entries of the seek table */
    struct index_entry *entries;
    size_t count;
    size_t capacity;
};

/* Starts without a pack. Returns a status; the error is printed. writer_close() must follow in
 * either case. */
enum status writer_open(struct writer *writer, int directory, const char *path, uint64_t pack_size,
                        bool sync);

/* Writes a compressed frame to the current pack, or to a new one, and finishes the pack if it is
 * large enough. Returns a status; the error is printed. */
enum status writer_add(struct writer *writer, const struct frame *frame);

/* Finishes the current pack, if there is one, and prints its name and size on standard output.
 * Returns a status; the error is printed. */
enum status writer_finish(struct writer *writer);

/* Releases everything. A pack that is not finished is discarded. */
void writer_close(struct writer *writer);

#endif
