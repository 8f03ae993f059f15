/*
 * Applies a staged layer onto a directory that stands, by the rules of OCI layers (image
 * specification, layer.md, "Applying Changesets").
 *
 * The staged layer (STAGE_LAYER) is a tree of directories with mode 0700 that holds the layer's
 * entries, its whiteouts and opaque marks as empty files under the names that layers use, and in
 * each directory that has an entry of its own a directory called MERGE_MARK, which wears that
 * entry's metadata. No entry of a layer can have one of these names.
 */
#ifndef TARUNPACK_MERGE_H
#define TARUNPACK_MERGE_H

#include "status.h"

#define MERGE_MARK ".wh..wh.zlsnap"

/* Moves the layer in the open directory `layer` onto the open directory `onto`; both stay the
 * caller's and are on one file system. `links` is open for reading: the hard links whose targets
 * are to be found in `onto`, as pairs of strings with their NULs. What the rules refuse is refused
 * before `onto` is changed; from then on it is a mixture until this, or a run anew, ends. Returns a
 * status; the line is printed. */
enum status merge_apply(int layer, int links, int onto);

#endif
