/*
 * A run that unpacks: its summary file, the ending signals (held back while children work), and the
 * result in memory that it shares with its child. job.c sets the fields of struct job; the child
 * fills in `result`.
 */
#ifndef TARUNPACK_JOB_H
#define TARUNPACK_JOB_H

#include "options.h"
#include "outfile.h"
#include "place/child.h"
#include "unpack.h"

struct job {
    const struct options *options; /* borrowed */
    struct child_signals signals;  /* held from job_start() to job_end() */
    struct outfile summary;
    struct unpack_result *result; /* shared with the child */
};

/* Opens the summary file and holds back the signals that ask the program to end. Returns a status;
 * errors are printed. After a failure there is nothing to end. */
enum status job_start(struct job *job, const struct options *options);

/* Writes the summary if `status`, the run's, is STATUS_OK, and releases the signals. Returns
 * `status`, or the status of writing the summary; errors are printed. */
enum status job_end(struct job *job, enum status status);

#endif
