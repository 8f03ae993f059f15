/*
 * A regular file that is written in one go: its content, its holes, its metadata.
 */
#ifndef TARUNPACK_TREE_FILE_H
#define TARUNPACK_TREE_FILE_H

#include "tree/meta.h"

/* What holds for all files of a run. */
struct file_rules {
    struct meta_policy *policy;
    bool no_holes; /* write zeros where there are long runs of them */
    bool sync;     /* all will be synced: bring large files to the disk as they come */
};

struct file {
    const struct file_rules *rules;
    int fd;
    const char *path; /* for messages; borrowed */
    uint64_t size;
    uint64_t end;  /* of what was written */
    uint64_t sent; /* up to where it is on its way to the disk */
    mode_t created;
};

/* Creates the file `name`, which will have `size` bytes, in the directory `parent`. `path` and
 * `rules` are borrowed. Returns 0; -1 with errno set, EEXIST where something stands there. */
int file_create(struct file *file, const struct file_rules *rules, int parent, const char *name,
                const char *path, uint64_t size, const struct meta *meta,
                const struct xattrs *xattrs);

/* Writes bytes at `offset`, in ascending order; what is not written is zero, and long runs of zeros
 * become holes. Returns a status; the line is printed. */
enum status file_write(struct file *file, uint64_t offset, const char *bytes, size_t length);

/* Completes the file and closes it, also where that fails. Returns a status; the line is printed.
 */
enum status file_close(struct file *file, const struct meta *meta, const struct xattrs *xattrs);

/* Closes a file that will not be completed. */
void file_abandon(struct file *file);

#endif
