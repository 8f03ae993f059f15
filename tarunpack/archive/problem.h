/*
 * How reading an archive ends, and why. Only the functions below write the fields of struct
 * problem.
 */
#ifndef TARUNPACK_ARCHIVE_PROBLEM_H
#define TARUNPACK_ARCHIVE_PROBLEM_H

#include "diag.h"
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

/* Enough for two names as diag_name() makes them, and a sentence of 300 bytes. */
#define PROBLEM_TEXT_SIZE (2 * sizeof(struct diag_name) + 300)

struct problem {
    enum status failure;          /* with ARCHIVE_FAILED */
    char text[PROBLEM_TEXT_SIZE]; /* with ARCHIVE_MALFORMED and ARCHIVE_LIMIT: one line */
};

/* Store the formatted text, cut to PROBLEM_TEXT_SIZE. Return the event in their name. */
enum archive_event problem_malformed(struct problem *problem, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
enum archive_event problem_limit(struct problem *problem, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Stores the status of a failure that was already printed. Returns ARCHIVE_OK for STATUS_OK, else
 * ARCHIVE_FAILED. */
enum archive_event problem_system(struct problem *problem, enum status status);

/* Returns ARCHIVE_OK for TAR_OK. Else stores what is wrong with the entry `name`, or if its name is
 * not known yet (NULL), with the header that ends at byte `position` of the stream. TAR_NO_MEMORY
 * is a system failure. */
enum archive_event problem_tar(struct problem *problem, enum tar_error error, const char *name,
                               uint64_t position);

#endif
