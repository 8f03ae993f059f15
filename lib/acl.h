/*
 * POSIX access control lists: the text that tar archives hold, and the binary value of the
 * attributes system.posix_acl_access and system.posix_acl_default (linux/posix_acl_xattr.h). Pure.
 */
#ifndef ZLSNAP_ACL_H
#define ZLSNAP_ACL_H

#include "buf.h"
#include "tar_error.h"

#include <stdbool.h>

#define ACL_XATTR_ACCESS "system.posix_acl_access"
#define ACL_XATTR_DEFAULT "system.posix_acl_default"

/* Appends the binary form of the ACL in `text`: entries "TAG:QUALIFIER:PERMISSIONS[:ID]" separated
 * by commas or newlines (acl(5), "LONG TEXT FORM", with star's number at the end), in the order
 * that the kernel asks for. A qualifier that is a name counts only where the number is given too:
 * names belong to the container, not to this machine. */
enum tar_error acl_from_text(struct buf *out, const char *text, size_t length);

/* Whether the attribute is an ACL in the form that XFS has on disk. Root sees it beside the one
 * that all file systems have; it says nothing more. */
bool acl_is_other_form(const char *name);

/* Whether the `length` bytes of an attribute's value are an ACL as the kernel takes it (acl(5),
 * "VALID ACLs"): TAR_OK or TAR_BAD_ACL. Nothing, or one without entries, removes the ACL, and is.
 */
enum tar_error acl_check(const void *value, size_t length);

#endif
