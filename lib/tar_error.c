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
        [TAR_BAD_GLOBAL] = "a global header sets values of entries, which some readers ignore",
        [TAR_MULTI_VOLUME] = "part of a multi-volume archive",
        [TAR_INCREMENTAL] = "part of an incremental archive",
        [TAR_BAD_PREFIX] = "the prefix of the path is not in a ustar header",
        [TAR_BAD_SLASH] = "the path ends in a slash, but the type is not directory",
        [TAR_BAD_PADDING] = "data in the padding of an extended header",
        [TAR_NO_VALUE] = "an extended header has a record without a value",
        [TAR_HIDDEN_RECORD] = "an extended header has a record inside another one",
        [TAR_TWO_NAMES] = "the GNU long name and the pax path differ",
        [TAR_TWO_LINKS] = "the GNU long link and the pax linkpath differ",
        [TAR_TWO_SIZES] = "the sizes in the header and in the pax record differ",
        [TAR_TWO_DEVICES] = "the device numbers in the header and in the pax record differ",
        [TAR_TWO_VALUES] = "an extended attribute has two values",
        [TAR_NO_CONTENT] = "a type without content has a size",
        [TAR_NOT_A_LINK] = "a type that is not a link has a link target",
        [TAR_SPARSE_TYPE] = "a sparse file whose type or header format does not allow it",
        [TAR_SPARSE_RECORDS] = "malformed sparse map: records are missing or contradict each other",
        [TAR_SPARSE_NAME] = "GNU.sparse.name and another path differ",
    };
    _Static_assert(sizeof texts / sizeof *texts == TAR_SPARSE_NAME + 1, "a text for each error");
    return texts[error];
}
