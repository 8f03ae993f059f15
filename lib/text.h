/*
 * Lines of an untrusted text, with messages that name the text and the line.
 */
#ifndef ZLSNAP_TEXT_H
#define ZLSNAP_TEXT_H

#include "lines.h"
#include "status.h"

/* Reads the next line of the text called `name`. Stores a pointer to it (NULL at the end), valid
 * until the next call, and its length without the newline, which follows it in memory. Returns a
 * status; the error is printed. */
enum status text_next(struct lines *lines, const char *name, const char **line, size_t *length);

/* Prints "NAME: line N: PROBLEM", of the line that was read last. Returns STATUS_ARCHIVE. */
enum status text_malformed(const struct lines *lines, const char *name, const char *problem);

#endif
