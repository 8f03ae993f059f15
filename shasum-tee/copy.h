/*
 * The copy from standard input to standard output.
 */
#ifndef SHASUM_TEE_COPY_H
#define SHASUM_TEE_COPY_H

#include "progress.h"
#include "sink.h"
#include "status.h"

/* Copies all of it, draws `progress` on the way and takes it away, and closes standard output. Dies
 * of SIGPIPE as any filter does. The sink gets the very bytes that were written, from the same
 * buffer: after tee(2) or splice(2) it could see others than the reader of the pipe does. Returns
 * STATUS_OK; STATUS_SYSTEM. */
enum status copy_stream(struct sink *sink, struct progress *progress);

#endif
