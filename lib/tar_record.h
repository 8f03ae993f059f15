/*
 * The records of an extended header, "LENGTH KEYWORD=VALUE\n": POSIX.1-2017 pax(1), "pax Extended
 * Header". tar_pax.h interprets the keywords. Pure.
 */
#ifndef ZLSNAP_TAR_RECORD_H
#define ZLSNAP_TAR_RECORD_H

#include "tar_entry.h"
#include "tar_error.h"

/* Appends the record "LENGTH KEYWORD=VALUE\n". Returns 0; -1 if memory is out. */
int tar_record_append(struct buf *out, const char *keyword, const void *value, size_t length);

/* Append a number, or a time without trailing zeros in its fraction. Return as
 * tar_record_append(). */
int tar_record_append_number(struct buf *out, const char *keyword, uint64_t number);
int tar_record_append_time(struct buf *out, const char *keyword, struct tar_time time);

/* Appends the attribute as SCHILY.xattr.NAME, with '%' and '=' in the name as %25 and %3D (as GNU
 * tar and libarchive do). Returns as tar_record_append(). */
int tar_record_append_xattr(struct buf *out, const struct xattr *xattr);

/* A part of a header; borrowed, not NUL-terminated. */
struct tar_text {
    const char *at;
    size_t length;
};

/* Removes the first record from `text`, which is not empty, and splits it. LENGTH must be that of
 * the whole record, and the keyword must not begin with a space or contain a NUL or, but for
 * attributes, a newline. */
enum tar_error tar_record_next(struct tar_text *text, struct tar_text *key, struct tar_text *value);

#endif
