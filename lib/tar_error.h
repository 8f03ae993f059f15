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
    TAR_INCREMENTAL,
    TAR_BAD_PREFIX,
    TAR_BAD_SLASH,
    TAR_BAD_PADDING,
    TAR_NO_VALUE,
    TAR_HIDDEN_RECORD,
    TAR_TWO_NAMES,
    TAR_TWO_LINKS,
    TAR_TWO_SIZES,
    TAR_TWO_DEVICES,
    TAR_TWO_VALUES,
    TAR_NO_CONTENT,
    TAR_NOT_A_LINK,
    TAR_SPARSE_TYPE,
    TAR_SPARSE_RECORDS,
    TAR_SPARSE_NAME,
};

/* A static text, without a full stop, that completes "archive: ". */
const char *tar_error_text(enum tar_error error);

#endif
