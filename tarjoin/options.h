/*
 * The command line of tarjoin.
 */
#ifndef TARJOIN_OPTIONS_H
#define TARJOIN_OPTIONS_H

#include "digest.h"
#include "select.h"
#include "status.h"

#include <stdbool.h>

struct options {
    const char *packs;   /* a directory, or NULL with `needs` */
    const char *indexes; /* a directory, which may be that of `packs` */
    const char *chunks;  /* a file, or NULL */
    const char *summary; /* a file, or NULL */
    char **paths;        /* of --path */
    size_t path_count, path_capacity;
    struct selection selection; /* of them; it borrows them */
    bool expects;
    struct digest_value expected; /* of the manifest */
    bool needs;
    unsigned jobs; /* threads that read ahead; 1: none */
};

/* Parses the command line. Returns whether the program is to run; otherwise it ends with `*status`:
 * help or version were printed, or an error. In any case options_free() must follow. */
bool options_parse(struct options *options, int argc, char **argv, enum status *status);

/* Releases the memory. */
void options_free(struct options *options);

#endif
