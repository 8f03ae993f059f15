/*
 * Threads that compress frames, and one that writes them in the order in which they were given.
 * With one job the caller's thread does everything.
 *
 * Which frames go into which pack depends on their sizes only, not on the threads.
 */
#ifndef TARSTORE_CREW_H
#define TARSTORE_CREW_H

#include "frame.h"
#include "status.h"
#include "writer.h"

struct crew;

/* Starts `jobs` threads, as far as there can be some. `writer` is borrowed, and used by the crew's
 * threads until crew_stop(). Returns a status; the error is printed. */
enum status crew_start(struct crew **started, struct writer *writer, unsigned jobs, int level);

/* An empty frame to be filled, at most two at a time. Waits until there is one. Owned by the crew.
 */
struct frame *crew_frame(struct crew *crew);

/* Gives a filled frame back to be stored. Returns a status: also the failure of a frame that was
 * given before, whose error crew_stop() prints. */
enum status crew_give(struct crew *crew, struct frame *frame);

/* Waits for all frames, stops the threads and releases everything; NULL is allowed. Returns a
 * status; the error is printed. */
enum status crew_stop(struct crew *crew);

#endif
