/*
 * Formats an entry as a JSON object. Pure, no state.
 */
#ifndef TARUNPACK_LIST_JSON_H
#define TARUNPACK_LIST_JSON_H

#include "tar_entry.h"

/* Appends one object, without a newline: path, type, mode (octal text), uid, gid, size, mtime
 * (seconds and nanoseconds) and, where present, link, device, whiteout, opaque, and xattrs with
 * base64 values. JSON is Unicode: in a path, link or attribute name that is not UTF-8, invalid
 * bytes become U+FFFD, and path_base64 or link_base64 holds the original bytes. Returns 0; -1 if
 * out of memory. */
int list_json_append(struct buf *out, const struct tar_entry *entry);

#endif
