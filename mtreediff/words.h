/*
 * The words of a manifest's line, and changes of them. Texts are borrowed slices. Pure.
 */
#ifndef MTREEDIFF_WORDS_H
#define MTREEDIFF_WORDS_H

#include "buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slice {
    const char *at; /* NULL: there is no such text */
    size_t length;
};

struct slice slice_of(const char *text);
bool slice_equal(struct slice a, struct slice b);

/* The keys in the order in which a line has them: FORMAT.md, section 6. */
enum word_key {
    WORD_TYPE,
    WORD_MODE,
    WORD_UID,
    WORD_GID,
    WORD_SIZE,
    WORD_DIGEST,
    WORD_LINK,
    WORD_DEVICE,
    WORD_TIME,
    WORD_TAGS,
    WORD_COUNT,
};

struct words {
    struct slice path; /* as in the line, with "./" */
    struct slice values[WORD_COUNT];
};

/* Splits a line. Returns false unless it is a path and words KEY=VALUE, each key at most once and
 * in the order above; values are not checked. words_join() gives the same line again. */
bool words_split(struct words *words, struct slice line);

/* Appends the line, without a newline. Returns 0; -1 if memory is out. */
int words_join(struct buf *out, const struct words *words);

bool words_equal(const struct words *a, const struct words *b);

/* A directory that was renamed: paths as in lines. */
struct move {
    struct slice from, to; /* from.at is NULL: nothing was */
};

/* Whether `path` is that directory, or below it. */
bool path_is_within(struct slice path, struct slice directory);

/* Changes the path, and the target of a hard link, if they are within the directory. The changed
 * words borrow from `scratch`, whose content is replaced. Returns 0; -1 if memory is out. */
int words_move(struct words *words, const struct move *move, struct buf *scratch);

/* The time to which the next one is relative: that of the last line that was added or changed. */
struct base_time {
    bool known;
    int64_t nanoseconds; /* since 1970 */
};

/* Remembers the time of a line that was added or changed. A time that is more than about 290 years
 * from 1970 is not remembered. */
void base_time_set(struct base_time *base, const struct words *words);

/* Appends the words " KEY=VALUE" that differ, " KEY" for those that only `old` has; a time that is
 * relative to `base` is " time+NANOSECONDS" or " time-NANOSECONDS". The paths must be equal.
 * Returns 0; -1 if memory is out. */
int words_change_append(struct buf *out, const struct words *old, const struct words *new,
                        const struct base_time *base);

enum words_result { WORDS_OK, WORDS_MALFORMED, WORDS_NO_MEMORY };

/* Applies what words_change_append() wrote, without the first space. The words borrow from `change`
 * and from `scratch`, whose content is replaced. */
enum words_result words_change_apply(struct words *words, struct slice change,
                                     const struct base_time *base, struct buf *scratch);

#endif
