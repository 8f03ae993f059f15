#include "mtree_read.h"

const char *mtree_error_text(enum mtree_error error)
{
    switch (error) {
    case MTREE_OK:
        return "no error";
    case MTREE_NO_MEMORY:
        return "out of memory";
    case MTREE_BAD_PATH:
        return "malformed path";
    case MTREE_BAD_ROOT:
        return "the root is not a directory";
    case MTREE_BAD_TYPE:
        return "malformed type";
    case MTREE_BAD_MODE:
        return "malformed mode";
    case MTREE_BAD_OWNER:
        return "malformed owner or group";
    case MTREE_BAD_SIZE:
        return "malformed size";
    case MTREE_BAD_DIGEST:
        return "malformed digest";
    case MTREE_BAD_LINK:
        return "malformed link target";
    case MTREE_BAD_DEVICE:
        return "malformed device number";
    case MTREE_BAD_TIME:
        return "malformed time";
    case MTREE_BAD_TAGS:
        return "malformed or missing tags";
    case MTREE_BAD_XATTR:
        return "malformed extended attribute";
    case MTREE_BAD_END:
        return "something follows the last word";
    case MTREE_NO_ROOT:
        return "the first entry is not the root";
    case MTREE_BAD_ORDER:
        return "repeated, or not in the order of the walk";
    case MTREE_NO_PARENT:
        return "no directory has an entry for it";
    case MTREE_BAD_TARGET:
        return "the target of the hard link is not an earlier path";
    }
    return "unknown error";
}
