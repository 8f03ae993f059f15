/*
 * The command line of tarjoin.
 */
#ifndef TARJOIN_OPTIONS_H
#define TARJOIN_OPTIONS_H

#include "digest.h"
#include "status.h"

#include <stdbool.h>

struct options {
    bool help, version;
    const char *packs;  /* a directory */
    const char *chunks; /* a file, or NULL */
    bool expects;
    struct digest_value expected; /* of the manifest */
    bool needs;
};

/* Parses the command line. Returns a status; an error is printed. */
enum status options_parse(struct options *options, int argc, char **argv);

#endif
