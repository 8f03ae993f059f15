/*
 * POSIX access control lists: the text form used in tar archives, and the binary value of the
 * attributes system.posix_acl_access and system.posix_acl_default (linux/posix_acl_xattr.h). Pure.
 */
#ifndef ZLSNAP_ACL_H
#define ZLSNAP_ACL_H

#include "buf.h"
#include "tar_error.h"

#include <stdbool.h>

#define ACL_XATTR_ACCESS "system.posix_acl_access"
#define ACL_XATTR_DEFAULT "system.posix_acl_default"

/* Appends the binary form of the ACL in `text`, sorted as the kernel requires. The text has entries
 * "TAG:QUALIFIER:PERMISSIONS[:ID]" separated by commas or newlines (acl(5), "LONG TEXT FORM"; star
 * adds the id). A name as qualifier needs the id, since names belong to the container and not to
 * this machine. The result is not checked yet: that is acl_check(). Returns TAR_OK, TAR_BAD_ACL,
 * TAR_NAMED_ACL or TAR_NO_MEMORY. */
enum tar_error acl_from_text(struct buf *out, const char *text, size_t length);

/* Whether the attribute is an ACL in XFS' own form. Root sees it in addition to the common form,
 * with the same content. */
bool acl_is_other_form(const char *name);

/* Checks that the kernel accepts the value as an ACL (acl(5), "VALID ACLs"). Returns TAR_OK or
 * TAR_BAD_ACL. An empty value, or one without entries, is valid: it removes the ACL. */
enum tar_error acl_check(const void *value, size_t length);

#endif
