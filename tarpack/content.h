/*
 * The content of a regular file.
 */
#ifndef TARPACK_CONTENT_H
#define TARPACK_CONTENT_H

#include "emit.h"
#include "tree/scout.h"
#include "tree/walk.h"

/* Adds the content of the item, which emit_open() announced with the size in its status. Holes are
 * not read. A file that is shorter by now is an error; so is one whose size, mtime or ctime is
 * another after it was read, unless `live`: then it is a warning, and what it grew by is left out.
 * `scout` learns how the reads went. Returns a status; the line is printed. */
enum status content_emit(struct emit *emit, struct scout *scout, const struct walk_item *item,
                         bool live);

#endif
