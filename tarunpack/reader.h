/*
 * From bytes to entries: the archive's structure, strictly. It reads v7, ustar, pax, old GNU and
 * star headers and all sparse formats of GNU tar, and knows no file system. What an archive claims
 * is checked before it is believed; nothing is allocated by a claimed size.
 */
#ifndef TARUNPACK_READER_H
#define TARUNPACK_READER_H

#include "source.h"
#include "tar_entry.h"
#include "tar_header.h"
#include "tar_pax.h"

#include <stdbool.h>

struct reader_limits {
    uint64_t entries;   /* in the archive */
    uint64_t tree_size; /* bytes of all files together */
    uint64_t path;      /* bytes of a path */
    uint64_t depth;     /* directories above each other */
    uint64_t pax;       /* bytes of the headers that stand before one entry */
    uint64_t xattr;     /* bytes of one attribute's value */
};

enum reader_event {
    READER_OK,
    READER_END,       /* the archive is complete, and so is the stream */
    READER_MALFORMED, /* the archive is not one, or cut: reader->problem says why */
    READER_LIMIT,     /* it asks for more than the limits: reader->problem says what */
    READER_FAILED,    /* the source failed: a status, the line is printed */
};

/* A part of a file's content. */
struct reader_chunk {
    uint64_t offset; /* in the file */
    const char *bytes;
    size_t length; /* 0: there is no more */
};

struct reader {
    struct source *source;
    struct reader_limits limits;
    struct tar_entry entry;
    struct buf path, link;           /* what the entry borrows */
    struct buf long_path, long_link; /* of GNU's headers, for the next entry */
    bool has_long_path, has_long_link;
    bool has_local; /* a pax header for the next entry was read */
    struct tar_pax local, global;
    struct tar_sparse sparse; /* old GNU */
    uint64_t extended;        /* bytes of the headers before the present entry */
    uint64_t global_size;     /* bytes of all global headers */
    uint64_t stored;          /* bytes of content not yet taken off the source */
    const char *window;       /* content that was taken and not yet given out */
    size_t window_length;
    const struct tar_sparse *map; /* NULL: the content is all of the file */
    size_t extent;
    uint64_t position; /* in the file, or in the extent */
    uint64_t entries, tree_size;
    bool absolute_seen;  /* a leading slash was stripped somewhere */
    enum status failure; /* with READER_FAILED */
    char problem[1400];
};

/* Prepares to read from `source`, which is borrowed. */
void reader_start(struct reader *reader, struct source *source, const struct reader_limits *limits);

/* Reads up to the next entry, past what is left of the last one's content. `*entry` is valid until
 * the next call. */
enum reader_event reader_next(struct reader *reader, const struct tar_entry **entry);

/* Reads the next part of the entry's content, in ascending order; bytes between two parts, and
 * behind the last one up to the entry's size, are zeros. Valid until the next call. */
enum reader_event reader_data(struct reader *reader, struct reader_chunk *chunk);

/* Stores the text that the format makes in reader->problem. Returns `event`. */
enum reader_event reader_refuse(struct reader *reader, enum reader_event event, const char *format,
                                ...) __attribute__((format(printf, 3, 4)));

/* Releases the memory. */
void reader_free(struct reader *reader);

#endif
