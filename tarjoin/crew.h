/*
 * Threads that fill batches ahead of the writer. The main thread lays batches out and writes them
 * in their order. With one job it does everything.
 */
#ifndef TARJOIN_CREW_H
#define TARJOIN_CREW_H

#include "output.h"

struct crew;

/* Prepares `jobs` threads, which crew_start() starts. Stores NULL on failure. The caller releases
 * it with crew_free(). Returns a status; an error is printed. */
enum status crew_new(struct crew **made, unsigned jobs);

/* Starts as many of the threads as the system allows; without any, the caller's thread does the
 * work. Both arguments are borrowed; `output` is used by the caller's thread only. */
void crew_start(struct crew *crew, const struct fetch *fetch, struct output *output);

/* The batch that is being laid out, never full. Owned by the crew; valid until the next call. */
struct batch *crew_batch(struct crew *crew);

/* To be called after each addition to crew_batch(): if it is full, it is filled and written, now or
 * later. Returns a status; an error is printed, also of a batch before. */
enum status crew_advance(struct crew *crew);

/* Fills and writes everything that is left. Returns a status; an error is printed. */
enum status crew_finish(struct crew *crew);

/* Stops the threads, whatever they do, and releases everything. NULL is allowed. */
void crew_free(struct crew *crew);

#endif
