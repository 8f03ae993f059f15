/*
 * Reads the lines of a manifest: the strict inverse of mtree.h. Manifests are untrusted. Pure.
 *
 * A line is accepted only if mtree_append() writes the same bytes for the entry that was read, and
 * if a tar of doc/FORMAT.md can hold that entry. So paths are relative, without empty components,
 * "." and ".."; no text contains a NUL; numbers are in the ranges of tar_entry.h, and devices in
 * those of Linux.
 *
 * Lines are independent of each other. What relates them has its own functions: mtree_order_check()
 * finds entries that are repeated, not in the order of the walk, or without their directory. A
 * caller that follows hard links has to remember the paths that it has seen: mtree_order_check()
 * knows only that the target would come earlier, not that it exists and is not a directory.
 */
#ifndef ZLSNAP_MTREE_READ_H
#define ZLSNAP_MTREE_READ_H

#include "tar_entry.h"

#include <stdbool.h>

enum mtree_error {
    MTREE_OK = 0,
    MTREE_NO_MEMORY,
    MTREE_BAD_PATH,
    MTREE_BAD_ROOT,
    MTREE_BAD_TYPE,
    MTREE_BAD_MODE,
    MTREE_BAD_OWNER,
    MTREE_BAD_SIZE,
    MTREE_BAD_DIGEST,
    MTREE_BAD_LINK,
    MTREE_BAD_DEVICE,
    MTREE_BAD_TIME,
    MTREE_BAD_TAGS,
    MTREE_BAD_XATTR,
    MTREE_BAD_END,
    /* By mtree_order_check(). */
    MTREE_NO_ROOT,
    MTREE_BAD_ORDER,
    MTREE_NO_PARENT,
    MTREE_BAD_TARGET,
};

/* A static text, without a full stop, that completes "manifest: line N: ". */
const char *mtree_error_text(enum mtree_error error);

#define MTREE_SHA256_DIGITS 64

/* The entry of the last line that was read. Zero-initialised it is ready for the first line. It
 * owns its memory, which the next line uses again. */
struct mtree_line {
    struct tar_entry entry; /* borrows from the members below; the time is 0 without has_time */
    bool has_time;
    char sha256[MTREE_SHA256_DIGITS + 1]; /* of a TAR_FILE's content, lower case; else "" */
    struct buf path, link;                /* with a NUL that `length` does not count */
    struct buf scratch;
};

/* Reads a line of `length` bytes, without its newline; it may contain any bytes. The first line of
 * a manifest, MTREE_SIGNATURE, is not an entry. After an error, the entry must not be used. */
enum mtree_error mtree_read(struct mtree_line *line, const char *text, size_t length);

/* Reads a PATH as a line has it, of `length` bytes, and stores it as in tar_entry.path, with a NUL.
 */
enum mtree_error mtree_read_path(struct buf *path, const char *text, size_t length);

/* Releases the memory and leaves an empty line. */
void mtree_line_free(struct mtree_line *line);

/* The entry before, to which the next one is compared. Zero-initialised it expects the first entry
 * of a manifest. */
struct mtree_order {
    struct buf path; /* with its NUL; empty before the first entry */
    bool is_directory;
    bool not_walk; /* the entries so far are not in the order of a walk with --whiteouts=oci */
    bool not_raw;  /* nor in that of one with --whiteouts=raw */
};

/* Checks that the entry may follow those that were checked before: the first is the root; a path is
 * greater than the last one in the order of FORMAT.md 2.1, whiteouts being sorted by the names that
 * they hide, or in all of the manifest by their own names; its directory has an entry and is a
 * directory; a hard link's target would come earlier. So no path occurs twice. Takes time
 * proportional to the path's length, and memory for one path. */
enum mtree_error mtree_order_check(struct mtree_order *order, const struct tar_entry *entry);

/* Compares two paths in the order of a walk with --whiteouts=oci; the root is the least. Returns a
 * number below, equal to or above 0. A whiteout is equal to the path that it hides. */
int mtree_path_compare(const char *a, const char *b);

/* Releases the memory; the next entry is a first one again. */
void mtree_order_free(struct mtree_order *order);

#endif
