/*
 * OLD or NEW: a manifest or a chunk map, read line by line.
 */
#ifndef MTREEDIFF_INPUT_H
#define MTREEDIFF_INPUT_H

#include "digest.h"
#include "lines.h"
#include "status.h"
#include "words.h"

#include <stdbool.h>

struct input {
    const char *name; /* as the user wrote it; borrowed */
    int fd;           /* -1: closed */
    bool is_map;
    struct lines lines;
    struct digest_value digest; /* by input_measure() */
    uint64_t size, count;       /* bytes and lines, likewise */
};

/* Opens the file `name`, which with `seekable` has to be a regular one; "-" is standard input,
 * unless it has to. Returns a status; the error is printed. */
enum status input_open(struct input *input, const char *name, bool seekable);

/* Reads the next line, without its newline; valid until the next call. At the end of the file
 * `*line` is empty, with `at` NULL. Returns a status; the error is printed. */
enum status input_next(struct input *input, struct slice *line);

/* Prints "NAME: line N: TEXT", of the last line. Returns STATUS_ARCHIVE. */
enum status input_malformed(const struct input *input, const char *text);

/* Reads the first line, which says what the file is. Returns a status; the error is printed. */
enum status input_start(struct input *input);

/* Continues at the line that begins at `offset`. */
void input_seek(struct input *input, uint64_t offset);

/* What input_measure() calls for each line of a manifest that is an entry, and each line of a map
 * but the first. Returns a status; the error is printed. */
typedef enum status input_visit(void *context, struct slice line, uint64_t offset);

/* Reads the file from its start to its end and stores its digest and size. A manifest is checked:
 * every line, and their order. `visit` may be NULL. Then the file is at its start again. Returns a
 * status; the error is printed. */
enum status input_measure(struct input *input, input_visit *visit, void *context);

/* The same, but only the first line is checked. */
enum status input_hash(struct input *input);

void input_close(struct input *input);

#endif
