/*
 * The command line of tarunpack. Only options.c writes the fields of struct options.
 */
#ifndef TARUNPACK_OPTIONS_H
#define TARUNPACK_OPTIONS_H

#include "apply.h"
#include "clean.h"
#include "digest.h"
#include "select.h"
#include "status.h"

#include <stdbool.h>

enum list_form { LIST_NONE, LIST_NAMES, LIST_LONG, LIST_JSON, LIST_MANIFEST, LIST_MANIFEST_TIMES };

/* What may happen to a directory that exists at the target. */
enum target_mode { TARGET_NEW, TARGET_REPLACE, TARGET_MERGE };

struct options {
    const char *directory;
    bool verbose;
    bool has_expected;
    struct digest_value expected;
    enum list_form list;
    bool deletions;     /* list whiteouts as deletions */
    bool from_manifest; /* list a manifest, not an archive */
    enum target_mode mode;
    const char *adopt; /* the staging directory to publish, or NULL */
    bool clean;        /* remove what killed runs left in `directory` */
    struct clean_options cleaning;
    bool whiteouts_given;
    enum apply_whiteouts whiteouts;
    enum overlay_space overlay;
    bool strict;
    bool no_same_owner, same_owner;
    bool no_xattrs, no_devices, no_holes, no_sync;
    struct globs xattrs_include;
    struct idmap uids, gids;
    unsigned jobs;       /* writer threads; 1: the main thread writes */
    const char *summary; /* file name, or NULL */
    uint64_t stream_limit;
    struct archive_limits limits;
    struct selection selection;
    uint64_t given; /* which options were given; private to options.c */
};

/* Parses the command line. Returns whether the program is to run; otherwise it ends with `*status`:
 * help or version were printed, or an error. `help` is the text of
 * --help. In any case options_free() must follow. */
bool options_parse(struct options *options, int argc, char **argv, const char *help,
                   enum status *status);

/* Releases the memory. */
void options_free(struct options *options);

#endif
