/*
 * What goes with a content on its way through a second thread.
 */
#ifndef TARPACK_TOKEN_H
#define TARPACK_TOKEN_H

#include "cache/place.h"
#include "digest.h"

#include <stddef.h>

/* What the caller needs to know again of a content. */
struct hasher_token {
    size_t line, record;
};

/* What a content probably is, and where it is stored. */
struct guess {
    struct digest_value value;
    struct place place; /* PLACE_UNKNOWN: there is no guess */
};

#endif
