/*
 * The command line of tarstore.
 */
#ifndef TARSTORE_OPTIONS_H
#define TARSTORE_OPTIONS_H

#include "status.h"

#include <stdbool.h>
#include <stdint.h>

struct options {
    const char *directory;
    const char *summary; /* a file, or NULL */
    uint64_t pack_size;  /* a pack ends when its file has reached this size */
    int level;           /* of the compression */
    unsigned jobs;       /* compression threads; 1: no threads */
    bool no_sync;
};

/* Parses the command line. Returns whether the program is to run; otherwise it ends with `*status`:
 * help or version were printed, or an error. */
bool options_parse(struct options *options, int argc, char **argv, enum status *status);

#endif
