#include "tar_error.h"

const char *tar_error_text(enum tar_error error)
{
    static const char *const texts[] = {
        [TAR_OK] = "no error",
        [TAR_NO_MEMORY] = "out of memory",
        [TAR_BAD_CHECKSUM] = "header checksum does not match",
        [TAR_BAD_NUMBER] = "malformed number",
        [TAR_BAD_ID] = "owner or group id out of range",
        [TAR_BAD_SIZE] = "size out of range",
        [TAR_BAD_TYPE] = "unknown entry type",
        [TAR_BAD_PATH] = "path is empty or contains a NUL or '..'",
        [TAR_BAD_ROOT] = "the root is not a directory",
        [TAR_BAD_NAME_LENGTH] = "path has a component of more than 255 bytes",
        [TAR_LINK_CONTENT] = "readers disagree about the content of hard links",
        [TAR_BAD_LINK] = "link target is empty, too long or contains a NUL",
        [TAR_BAD_RECORD] = "malformed extended header record",
        [TAR_BAD_TIME] = "malformed time",
        [TAR_BAD_CHARSET] = "unsupported hdrcharset",
        [TAR_BAD_XATTR] = "malformed extended attribute",
        [TAR_BAD_ACL] = "malformed access control list",
        [TAR_NAMED_ACL] = "access control list names a user or group without its number",
        [TAR_BAD_SPARSE] = "malformed sparse map",
        [TAR_BAD_GLOBAL] = "a global header sets attributes or a sparse map",
        [TAR_MULTI_VOLUME] = "part of a multi-volume archive",
    };
    _Static_assert(sizeof texts / sizeof *texts == TAR_MULTI_VOLUME + 1, "a text for each error");
    return texts[error];
}
