/*
 * What a run has, whatever becomes of the archive: children that do the work while signals are held
 * back, what they report, and the summary.
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
    struct unpack_result *result; /* shared with the child that unpacks */
};

/* Opens the summary, and holds the signals back that ask the program to end. Returns a status; the
 * line is printed. On failure there is nothing to end. */
enum status job_start(struct job *job, const struct options *options);

/* Writes the summary if `status`, that of the run, is STATUS_OK, and lets the signals through.
 * Returns `status`, or that of the summary; the line is printed. */
enum status job_end(struct job *job, enum status status);

#endif
