/*
 * Whiteouts as names: OCI image specification, layer.md, "Whiteouts". Pure.
 */
#ifndef ZLSNAP_WHITEOUT_H
#define ZLSNAP_WHITEOUT_H

#define WHITEOUT_PREFIX ".wh."
#define WHITEOUT_OPAQUE_NAME ".wh..wh..opq"

enum whiteout {
    WHITEOUT_NONE,     /* an ordinary name */
    WHITEOUT_ENTRY,    /* .wh.NAME: NAME of the lower layers is gone */
    WHITEOUT_OPAQUE,   /* .wh..wh..opq: all that the lower layers have in this directory is gone */
    WHITEOUT_RESERVED, /* .wh..wh.ANYTHING: bookkeeping of AUFS, means nothing to a layer */
    WHITEOUT_INVALID,  /* .wh. of nothing, of "." or of ".." */
};

/* What the last component of `path` is. For WHITEOUT_ENTRY, `hidden` (if not NULL) is set to the
 * NAME inside `path`. */
enum whiteout whiteout_parse(const char *path, const char **hidden);

#endif
