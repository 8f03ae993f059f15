/*
 * Prints the digests.
 */
#ifndef SHASUM_TEE_REPORT_H
#define SHASUM_TEE_REPORT_H

#include "options.h"
#include "outfile.h"
#include "sink.h"
#include "status.h"

/* Prints the result to `file` and closes it; to standard error if it is not open. Returns STATUS_OK
 * or STATUS_SYSTEM. */
enum status report_print(struct outfile *file, const struct sink_result *result,
                         enum options_format format);

#endif
