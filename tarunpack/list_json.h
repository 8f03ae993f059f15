/*
 * An entry as a line of JSON. Pure.
 */
#ifndef TARUNPACK_LIST_JSON_H
#define TARUNPACK_LIST_JSON_H

#include "tar_entry.h"

/* Appends one object, without a newline: path, type, mode (octal text), uid, gid, size, mtime
 * (seconds and nanoseconds), and where there are any link, device, whiteout, opaque, and xattrs
 * with base64 values. JSON texts are Unicode: a path, link or attribute's name that is not UTF-8
 * has its other bytes replaced by U+FFFD, and stands under path_base64 or link_base64 as it is.
 * Returns 0; -1 if memory is out. */
int list_json_append(struct buf *out, const struct tar_entry *entry);

#endif
