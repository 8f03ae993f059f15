/*
 * The copy from standard input to standard output.
 */
#ifndef SHASUM_TEE_COPY_H
#define SHASUM_TEE_COPY_H

#include "progress.h"
#include "sink.h"
#include "status.h"

/* Copies the whole input and closes standard output, drawing `progress` meanwhile. Dies of SIGPIPE
 * like any filter. The sink gets the bytes from the buffer that is written: with tee(2) or
 * splice(2) it could see other bytes than the reader of the pipe. Returns STATUS_OK or
 * STATUS_SYSTEM. */
enum status copy_stream(struct sink *sink, struct progress *progress);

#endif
