/*
 * Errors in archives, returned by the pure tar_* code.
 */
#ifndef ZLSNAP_TAR_ERROR_H
#define ZLSNAP_TAR_ERROR_H

enum tar_error {
    TAR_OK = 0,
    TAR_NO_MEMORY,
    TAR_BAD_CHECKSUM,
    TAR_BAD_NUMBER,
    TAR_BAD_ID,
    TAR_BAD_SIZE,
    TAR_BAD_TYPE,
    TAR_BAD_PATH,
    TAR_BAD_ROOT,
    TAR_BAD_NAME_LENGTH,
    TAR_BAD_LINK,
    TAR_LINK_CONTENT,
    TAR_BAD_RECORD,
    TAR_BAD_TIME,
    TAR_BAD_CHARSET,
    TAR_BAD_XATTR,
    TAR_BAD_ACL,
    TAR_NAMED_ACL,
    TAR_BAD_SPARSE,
    TAR_BAD_GLOBAL,
    TAR_MULTI_VOLUME,
};

/* A static text, without a full stop, that completes "archive: ". */
const char *tar_error_text(enum tar_error error);

#endif
