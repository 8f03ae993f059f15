/*
 * The progress line of a pipeline, drawn on standard error.
 */
#ifndef SHASUM_TEE_PROGRESS_H
#define SHASUM_TEE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* Zero-initialised it draws nothing. Times are CLOCK_MONOTONIC in milliseconds. */
struct progress {
    bool shown;
    uint64_t size; /* expected number of bytes, 0 if unknown */
    int64_t started;
    int64_t drawn;
};

/* Starts the clock. Nothing is ever drawn unless `shown`; if so, SIGHUP, SIGINT, SIGQUIT and
 * SIGTERM erase the line before they end the program. */
void progress_start(struct progress *progress, bool shown, uint64_t size);

/* Redraws the line, at most ten times a second. */
void progress_update(struct progress *progress, uint64_t done);

/* Erases the line. */
void progress_end(struct progress *progress);

#endif
