/*
 * How reading an archive ends, and why. Set by the functions below, read by anybody.
 */
#ifndef TARUNPACK_ARCHIVE_PROBLEM_H
#define TARUNPACK_ARCHIVE_PROBLEM_H

#include "status.h"
#include "tar_error.h"

#include <stdint.h>

enum archive_event {
    ARCHIVE_OK,
    ARCHIVE_END,       /* the archive is complete, the stream has ended */
    ARCHIVE_MALFORMED, /* malformed or truncated; the problem has the text */
    ARCHIVE_LIMIT,     /* over a limit; the problem has the text */
    ARCHIVE_FAILED,    /* the system failed; the problem has the status, the error is printed */
};

struct problem {
    enum status failure; /* with ARCHIVE_FAILED */
    char text[1400];     /* with ARCHIVE_MALFORMED and ARCHIVE_LIMIT: one line */
};

/* Store the formatted text. Return the event in their name. */
enum archive_event problem_malformed(struct problem *problem, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
enum archive_event problem_limit(struct problem *problem, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Stores the status of a failure that was already printed. Returns ARCHIVE_OK for STATUS_OK, else
 * ARCHIVE_FAILED. */
enum archive_event problem_system(struct problem *problem, enum status status);

/* Stores what is wrong with the entry `name`, or if its name is not known yet (NULL), with the
 * header that ends at byte `position` of the stream. TAR_NO_MEMORY is a system failure. */
enum archive_event problem_tar(struct problem *problem, enum tar_error error, const char *name,
                               uint64_t position);

#endif
