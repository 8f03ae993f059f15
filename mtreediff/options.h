/*
 * The command line of mtreediff.
 */
#ifndef MTREEDIFF_OPTIONS_H
#define MTREEDIFF_OPTIONS_H

#include "status.h"

#include <stdint.h>

enum options_mode { MODE_DELTA, MODE_APPLY, MODE_TEXT, MODE_JSON };

struct options {
    enum options_mode mode;
    const char *old, *new; /* borrowed; `new` is NULL in MODE_APPLY */
    const char *summary;   /* NULL: none */
    uint64_t max_size;     /* MODE_APPLY: bytes of the result */
};

/* What to do after the command line was parsed. */
enum options_action {
    OPTIONS_RUN,
    OPTIONS_EXIT, /* help, version or a usage error was printed: exit with *status */
};

/* Parses the command line. */
enum options_action options_parse(struct options *options, int argc, char **argv,
                                  enum status *status);

#endif
