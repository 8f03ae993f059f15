/*
 * The content of a regular file.
 */
#ifndef TARPACK_CONTENT_H
#define TARPACK_CONTENT_H

#include "emit.h"
#include "tree/scout.h"
#include "tree/walk.h"

/* Whether the file has no holes. */
bool content_is_whole(const struct walk_item *item);

/* Adds the content of the item after emit_open(), exactly as many bytes as its status says. Holes
 * are not read. A file that shrank is an error. One whose size, mtime or ctime changed is an error
 * too, or with `live` a warning; bytes by which it grew are left out. Reads through `scout`.
 * Returns a status; an error is printed. */
enum status content_emit(struct emit *emit, struct scout *scout, const struct walk_item *item,
                         bool live);

#endif
