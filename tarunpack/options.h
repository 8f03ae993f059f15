/*
 * The command line of tarunpack.
 */
#ifndef TARUNPACK_OPTIONS_H
#define TARUNPACK_OPTIONS_H

#include "apply.h"
#include "digest.h"
#include "reader.h"
#include "status.h"

#include <stdbool.h>

enum list_form { LIST_NONE, LIST_NAMES, LIST_LONG, LIST_MANIFEST, LIST_MANIFEST_TIMES };

struct options {
    const char *directory;
    bool help, version, verbose;
    bool has_expected;
    struct digest_value expected;
    enum list_form list;
    enum apply_whiteouts whiteouts;
    enum overlay_space overlay;
    bool no_same_owner, same_owner;
    bool no_xattrs, no_devices, no_holes, no_sync;
    uint64_t stream_limit;
    struct reader_limits limits;
};

/* Reads the command line. Returns a status; the line for a bad option is printed. */
enum status options_parse(struct options *options, int argc, char **argv);

#endif
