/*
 * The command line of tarpack.
 */
#ifndef TARPACK_OPTIONS_H
#define TARPACK_OPTIONS_H

#include "content/store.h"
#include "exclude.h"
#include "rewrite.h"
#include "status.h"
#include "tar_entry.h"

#include <stdbool.h>

struct options {
    const char *directory;
    bool raw; /* --whiteouts=raw */
    bool live;
    bool manifest, manifest_times;
    bool verbose;
    bool one_file_system;
    struct exclude exclude;
    struct rewrite rewrite;
    bool clamp_dated;    /* --clamp-mtime has a date of its own */
    unsigned jobs;       /* threads; 1: only the main one */
    const char *summary; /* a file's name, or NULL */
    const char *cache;   /* likewise */
    struct store_options store;
};

/* Parses the command line. Returns whether the program is to run; otherwise it ends with `*status`:
 * help or version were printed, or an error. `help` is the text of
 * --help. In any case options_free() must follow. */
bool options_parse(struct options *options, int argc, char **argv, const char *help,
                   enum status *status);

/* Releases the memory. */
void options_free(struct options *options);

#endif
