/*
 * The command line of mtreediff.
 */
#ifndef MTREEDIFF_OPTIONS_H
#define MTREEDIFF_OPTIONS_H

#include "status.h"

#include <stdbool.h>
#include <stdint.h>

enum options_mode { MODE_DELTA, MODE_APPLY, MODE_TEXT, MODE_JSON };

struct options {
    enum options_mode mode;
    const char *old, *new; /* borrowed; `new` is NULL in MODE_APPLY */
    const char *summary;   /* NULL: none */
    uint64_t max_size;     /* MODE_APPLY: bytes of the result */
};

/* Parses the command line. Returns whether the program is to run; otherwise it ends with `*status`:
 * help or version were printed, or an error. */
bool options_parse(struct options *options, int argc, char **argv, enum status *status);

#endif
