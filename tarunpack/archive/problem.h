/*
 * What reading an archive comes to, and why it ends before the archive does.
 */
#ifndef TARUNPACK_ARCHIVE_PROBLEM_H
#define TARUNPACK_ARCHIVE_PROBLEM_H

#include "status.h"
#include "tar_error.h"

#include <stdint.h>

enum archive_event {
    ARCHIVE_OK,
    ARCHIVE_END,       /* the archive is complete, and so is the stream */
    ARCHIVE_MALFORMED, /* it is malformed or truncated: the problem has the text */
    ARCHIVE_LIMIT,     /* it asks for more than the limits: the problem has the text */
    ARCHIVE_FAILED,    /* the system failed: the problem has the status; the line is printed */
};

/* Set by the functions below, read by anybody. */
struct problem {
    enum status failure; /* with ARCHIVE_FAILED */
    char text[1400];     /* one line, with ARCHIVE_MALFORMED and ARCHIVE_LIMIT */
};

/* Store the text that the format makes. Return the event that their name says. */
enum archive_event problem_malformed(struct problem *problem, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
enum archive_event problem_limit(struct problem *problem, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Stores the status of a failure whose line is printed, if it is one. Returns ARCHIVE_OK for
 * STATUS_OK, else ARCHIVE_FAILED. */
enum archive_event problem_system(struct problem *problem, enum status status);

/* Stores what is wrong with the entry `name`, or where no name is known yet, with the header that
 * ends at byte `position` of the stream. TAR_NO_MEMORY is a failure of the system. */
enum archive_event problem_tar(struct problem *problem, enum tar_error error, const char *name,
                               uint64_t position);

#endif
