/*
 * What shasum-tee prints about the stream, and where.
 */
#ifndef SHASUM_TEE_REPORT_H
#define SHASUM_TEE_REPORT_H

#include "options.h"
#include "sink.h"
#include "status.h"

/* Where it goes: standard error, or a file. Zero-initialised it is safe to close. */
struct report {
    bool open;        /* whether there is a file */
    int fd;           /* of the file */
    const char *name; /* of the file, borrowed */
};

/* Creates the file `name`, emptying one that stands, or takes the descriptor that /dev/fd/N names;
 * NULL is standard error. Refused is the file that standard input or output is. Returns STATUS_OK;
 * STATUS_SYSTEM; STATUS_USAGE. */
enum status report_open(struct report *report, const char *name);

/* Prints the result and closes the file. Returns STATUS_OK; STATUS_SYSTEM. */
enum status report_print(struct report *report, const struct sink_result *result,
                         enum options_format format);

/* Closes the file if it is still open. */
void report_close(struct report *report);

#endif
