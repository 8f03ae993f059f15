/*
 * The lines of an untrusted text: manifests, chunk maps, indexes, deltas. Prints nothing: only the
 * caller knows what the text is.
 */
#ifndef ZLSNAP_LINES_H
#define ZLSNAP_LINES_H

#include "buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest line, its newline included. The kernel's paths and attributes stay far below; what is
 * longer is refused rather than held in memory. */
#define LINES_MAX ((size_t)16 << 20)

enum lines_event {
    LINES_LINE,
    LINES_END,
    LINES_CUT,      /* the text ends within a line */
    LINES_TOO_LONG, /* a line exceeds LINES_MAX */
    LINES_FAILED,   /* a read failed; errno is set */
    LINES_NO_MEMORY,
};

/* A text that is being read. Initialise it with lines_start(). It owns its memory, not `fd`. */
struct lines {
    int fd;
    bool seekable;
    bool ended;      /* there is nothing behind the bytes in `in` */
    uint64_t offset; /* in the text, of the next line */
    uint64_t number; /* of the line that was returned last, from 1; after lines_seek() from there */
    struct buf in;
    size_t next; /* the next line's place in `in` */
};

/* Starts to read lines from `fd`; a buffer is allocated with the first line. With `seekable` the
 * descriptor's position is neither used nor changed, so several readers can share it. */
void lines_start(struct lines *lines, int fd, bool seekable);

/* Reads the next line. Stores its place and its length without the newline; they are valid until
 * the next call. All other events are final. */
enum lines_event lines_next(struct lines *lines, const char **text, size_t *length);

/* Continues at the line that begins at `offset`, which a `lines->offset` was before. Only if
 * seekable. */
void lines_seek(struct lines *lines, uint64_t offset);

/* A static text for LINES_CUT, LINES_TOO_LONG and LINES_NO_MEMORY that completes "FILE: line N: ".
 */
const char *lines_event_text(enum lines_event event);

/* Releases the memory. */
void lines_free(struct lines *lines);

#endif
