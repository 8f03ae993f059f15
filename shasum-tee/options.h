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
    const char *output; /* the file that gets the digest; NULL for standard error */
    bool expects;       /* whether `expected` is given; it is by `algorithm` then */
    struct digest_value expected;
    bool zstd;
    bool progress; /* whether to draw it, all asked and answered */
    uint64_t size; /* how many bytes will come, 0 where it is not known */
};

/* What the program is to do after its command line was read. */
enum options_action {
    OPTIONS_RUN,
    OPTIONS_EXIT, /* help or version printed, or a usage error told: exit with *status */
};

/* Reads the command line. */
enum options_action options_parse(struct options *options, int argc, char **argv,
                                  enum status *status);

#endif
