/*
 * The one progress line of a pipe, drawn on standard error.
 */
#ifndef SHASUM_TEE_PROGRESS_H
#define SHASUM_TEE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* Zero-initialised it draws nothing. Times are of CLOCK_MONOTONIC, in milliseconds. */
struct progress {
    bool shown;
    uint64_t size; /* how many bytes will come, 0 where it is not known */
    int64_t started;
    int64_t drawn;
};

/* Starts the clock; nothing is drawn, now or later, unless `shown`. Then the line is also taken
 * away where SIGHUP, SIGINT, SIGQUIT or SIGTERM ends the program. */
void progress_start(struct progress *progress, bool shown, uint64_t size);

/* Draws the line anew if it is time to: ten times a second at most. */
void progress_update(struct progress *progress, uint64_t done);

/* Takes the line away. */
void progress_end(struct progress *progress);

#endif
