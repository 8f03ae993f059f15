/*
 * Whiteouts as names: OCI image specification, layer.md, "Whiteouts". Pure.
 */
#ifndef ZLSNAP_WHITEOUT_H
#define ZLSNAP_WHITEOUT_H

#define WHITEOUT_PREFIX ".wh."
#define WHITEOUT_OPAQUE_NAME ".wh..wh..opq"

enum whiteout {
    WHITEOUT_NONE,     /* an ordinary name */
    WHITEOUT_ENTRY,    /* .wh.NAME: hides NAME of the lower layers */
    WHITEOUT_OPAQUE,   /* .wh..wh..opq: hides all entries of the lower layers in this directory */
    WHITEOUT_RESERVED, /* .wh..wh.ANYTHING: bookkeeping of AUFS, not part of the layer */
    WHITEOUT_INVALID,  /* .wh. followed by nothing, "." or ".." */
};

/* Classifies the last component of `path`. For WHITEOUT_ENTRY, `hidden` (if not NULL) is set to
 * NAME, inside `path`. */
enum whiteout whiteout_parse(const char *path, const char **hidden);

#endif
