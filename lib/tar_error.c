#include "tar_error.h"

const char *tar_error_text(enum tar_error error)
{
    switch (error) {
    case TAR_OK:
        return "no error";
    case TAR_NO_MEMORY:
        return "out of memory";
    case TAR_BAD_CHECKSUM:
        return "header checksum does not match";
    case TAR_BAD_NUMBER:
        return "malformed number";
    case TAR_BAD_ID:
        return "owner or group id out of range";
    case TAR_BAD_SIZE:
        return "size out of range";
    case TAR_BAD_TYPE:
        return "unknown entry type";
    case TAR_BAD_PATH:
        return "path is empty or contains a NUL or '..'";
    case TAR_BAD_ROOT:
        return "the root is not a directory";
    case TAR_BAD_NAME_LENGTH:
        return "path has a component of more than 255 bytes";
    case TAR_BAD_LINK:
        return "link target is empty, too long or contains a NUL";
    case TAR_BAD_RECORD:
        return "malformed extended header record";
    case TAR_BAD_TIME:
        return "malformed time";
    case TAR_BAD_CHARSET:
        return "unsupported hdrcharset";
    case TAR_BAD_XATTR:
        return "malformed extended attribute";
    case TAR_BAD_ACL:
        return "malformed access control list";
    case TAR_NAMED_ACL:
        return "access control list names a user or group without its number";
    case TAR_BAD_SPARSE:
        return "malformed sparse map";
    case TAR_BAD_GLOBAL:
        return "a global header sets attributes or a sparse map";
    case TAR_MULTI_VOLUME:
        return "part of a multi-volume archive";
    }
    return "unknown error";
}
