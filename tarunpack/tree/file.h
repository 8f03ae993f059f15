/*
 * Writes one regular file: content, holes, metadata. The fields of struct file are private to
 * file.c.
 */
#ifndef TARUNPACK_TREE_FILE_H
#define TARUNPACK_TREE_FILE_H

#include "tree/meta.h"

/* What is the same for all files of a run. parts.c and crew.c set the fields. */
struct file_rules {
    struct meta_policy *policy;
    bool no_holes; /* write long runs of zeros instead of holes */
    bool sync;     /* the tree will be synced: start writing large files to disk early */
};

struct file {
    const struct file_rules *rules;
    int fd;
    const char *path; /* for messages; borrowed */
    uint64_t size;
    uint64_t end;  /* of the data written */
    uint64_t sent; /* writing to disk was started up to here */
    mode_t mode;   /* its present one */
};

/* Creates the file `name`, which will have `size` bytes, in the directory `parent`. `path` and
 * `rules` are borrowed. Returns 0; -1 with errno set, EEXIST if the name is taken. */
int file_create(struct file *file, const struct file_rules *rules, int parent, const char *name,
                const char *path, uint64_t size, const struct meta *meta,
                const struct xattrs *xattrs);

/* Writes bytes at `offset`, in ascending order. Gaps are zero; long runs of zeros become holes.
 * Returns a status; errors are printed. */
enum status file_write(struct file *file, uint64_t offset, const char *bytes, size_t length);

/* Completes the file, sets its metadata and closes it, even on failure. Returns a status; errors
 * are printed. */
enum status file_close(struct file *file, const struct meta *meta, const struct xattrs *xattrs);

/* Closes a file that will not be completed. */
void file_abandon(struct file *file);

#endif
