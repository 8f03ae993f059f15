/*
 * The lines of the manifest and of the chunk map, with messages.
 */
#ifndef TARJOIN_TEXT_H
#define TARJOIN_TEXT_H

#include "digest.h"
#include "lines.h"
#include "status.h"

/* Zero-initialised it is safe to close. */
struct text {
    const char *name;      /* in messages, which escape it; borrowed */
    struct digest *digest; /* of all lines; NULL: none; borrowed */
    struct lines lines;
};

/* Starts to read `fd` and checks its first line, `signature`, which ends in a newline. `fd`, `name`
 * and `digest` are borrowed. Returns a status, as all of these; an error is printed. */
enum status text_open(struct text *text, int fd, const char *name, const char *signature,
                      struct digest *digest);

/* Stores the next line, without its newline, valid until the next call; NULL at the end. */
enum status text_next(struct text *text, const char **line, size_t *length);

/* Prints "NAME: line N: PROBLEM" for the line that was read last. Returns STATUS_ARCHIVE. */
enum status text_malformed(const struct text *text, const char *problem);

/* Releases the memory. */
void text_close(struct text *text);

#endif
