/*
 * The command line of shasum-tee.
 */
#ifndef SHASUM_TEE_OPTIONS_H
#define SHASUM_TEE_OPTIONS_H

#include "digest.h"
#include "status.h"

#include <stdbool.h>
#include <stdint.h>

enum options_format { FORMAT_TEXT, FORMAT_OCI, FORMAT_JSON };

struct options {
    enum digest_algorithm algorithm;
    enum options_format format;
    const char *output; /* where the digest is printed; NULL: standard error */
    bool expects;       /* `expected` is given, and is of `algorithm` */
    struct digest_value expected;
    bool zstd;
    bool progress; /* draw the progress line (terminal and --quiet considered) */
    uint64_t size; /* expected number of bytes, 0 if unknown */
};

/* Parses the command line. Returns whether the program is to run; otherwise it ends with `*status`:
 * help or version were printed, or an error. */
bool options_parse(struct options *options, int argc, char **argv, enum status *status);

#endif
