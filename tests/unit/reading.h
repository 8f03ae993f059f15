/*
 * An archive in memory and a reader for it, for unit tests of the reader.
 */
#ifndef ZLSNAP_TEST_READING_H
#define ZLSNAP_TEST_READING_H

#include "archive/reader.h"

#include <stdlib.h>
#include <string.h>

/* Limits that no test reaches. */
static const struct archive_limits reading_wide = {.entries = 1000,
                                                   .tree_size = 1 << 30,
                                                   .path = 4096,
                                                   .depth = 100,
                                                   .pax = 1 << 20,
                                                   .xattr = 1 << 16};

struct reading {
    struct source source;
    struct bounds bounds;
    struct problem problem;
    struct reader reader;
    const struct tar_entry *entry;
};

/* Starts the reader on the source. */
static inline void reading_begin(struct reading *reading, const struct archive_limits *limits)
{
    bounds_start(&reading->bounds, limits);
    reader_start(&reading->reader, &(const struct archive_input){.source = &reading->source,
                                                                 .bounds = &reading->bounds,
                                                                 .problem = &reading->problem});
}

/* Starts to read a copy of the archive. `limits` may be NULL. */
static inline void reading_start(struct reading *reading, const struct buf *archive,
                                 const struct archive_limits *limits)
{
    *reading = (struct reading){0};
    if (source_start_memory(&reading->source, archive->bytes, archive->length) != STATUS_OK)
        abort();
    reading_begin(reading, limits ? limits : &reading_wide);
}

static inline enum archive_event reading_next(struct reading *reading)
{
    return reader_next(&reading->reader, &reading->entry);
}

/* Whether there is a next entry, with this path. */
static inline bool reading_next_is(struct reading *reading, const char *path)
{
    return reading_next(reading) == ARCHIVE_OK && strcmp(reading->entry->path, path) == 0;
}

/* Whether the problem is one line that contains `part`. */
static inline bool reading_problem_is(const struct reading *reading, const char *part)
{
    return strstr(reading->problem.text, part) && !strchr(reading->problem.text, '\n');
}

static inline void reading_stop(struct reading *reading)
{
    reader_free(&reading->reader);
    source_free(&reading->source);
}

/* Reads the content of the current entry into `content`, with zeros between the parts. Returns
 * ARCHIVE_FAILED if the parts are not in ascending order or exceed its size. */
static inline enum archive_event reading_content(struct reading *reading, struct buf *content)
{
    struct payload_chunk chunk;
    content->length = 0;
    do {
        enum archive_event event = reader_data(&reading->reader, &chunk);
        if (event != ARCHIVE_OK)
            return event;
        if (chunk.length > 0 && chunk.offset < content->length)
            return ARCHIVE_FAILED; /* not ascending */
        if (chunk.length > 0)
            (void)buf_append_fill(content, 0, chunk.offset - content->length);
        (void)buf_append(content, chunk.bytes, chunk.length);
    } while (chunk.length > 0);
    if (content->length > reading->entry->size)
        return ARCHIVE_FAILED;
    (void)buf_append_fill(content, 0, reading->entry->size - content->length);
    return ARCHIVE_OK;
}

static inline bool reading_content_is(struct reading *reading, const char *text)
{
    struct buf content = {0};
    bool same = reading_content(reading, &content) == ARCHIVE_OK &&
                content.length == strlen(text) &&
                (content.length == 0 || memcmp(content.bytes, text, content.length) == 0);
    buf_free(&content);
    return same;
}

/* Reads to the end and returns the last result. */
static inline enum archive_event reading_all(struct reading *reading)
{
    enum archive_event event = ARCHIVE_OK;
    while (event == ARCHIVE_OK)
        event = reading_next(reading);
    return event;
}

#endif
