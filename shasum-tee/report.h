/*
 * What shasum-tee prints about the stream.
 */
#ifndef SHASUM_TEE_REPORT_H
#define SHASUM_TEE_REPORT_H

#include "options.h"
#include "outfile.h"
#include "sink.h"
#include "status.h"

/* Prints the result to `file` and closes it, or to standard error where it is not open. Returns
 * STATUS_OK; STATUS_SYSTEM. */
enum status report_print(struct outfile *file, const struct sink_result *result,
                         enum options_format format);

#endif
