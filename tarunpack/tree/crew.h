/*
 * Threads that write small files, while the main thread reads on. Files of one directory are made
 * one after the other, in the order in which they were given; different directories share the
 * threads. Whoever does something else with a name, or wants to see all that was given, settles
 * first. All functions are for the main thread.
 */
#ifndef TARUNPACK_TREE_CREW_H
#define TARUNPACK_TREE_CREW_H

#include "diag.h"
#include "tree/file.h"

#include <pthread.h>

/* Larger files are not given to the crew. */
#define CREW_FILE_MAX ((size_t)64 << 10)

/* A file to be made. It owns all it points to. */
struct crew_file {
    struct crew_file *next;
    const char *path, *name; /* the name is in the path, that behind the content */
    struct meta meta;
    struct xattrs xattrs;
    size_t size;
    char bytes[]; /* of its content, zero at first */
};

/* A directory with files that are not made yet. */
struct crew_dir {
    struct crew_dir *next, *next_ready;
    uint32_t node; /* what the caller knows it by */
    int fd;
    struct crew_file *waiting, **waiting_end; /* given */
    struct crew_file *taken;                  /* being made by a thread */
};

struct crew_worker;

/* Zero-initialised it has no threads, and is safe to stop. */
struct crew {
    const struct file_rules *rules; /* borrowed; the policy's marks of what was left out are set by
                                     * crew_stop() */
    struct crew_worker *workers;
    unsigned count;
    pthread_mutex_t lock;
    pthread_cond_t work, progress;
    struct crew_dir *dirs; /* all */
    size_t dirs_count;
    struct crew_dir *ready, **ready_end; /* those that no thread works at */
    struct crew_dir *last;               /* the one given to last; NULL: look for it */
    size_t files, bytes;                 /* that are not made yet */
    unsigned idle;
    bool ending;
    enum status status;
    struct diag_kept kept; /* the first error's line */
};

/* Starts up to `count` threads. Where there can be none, the crew has none. */
void crew_start(struct crew *crew, const struct file_rules *rules, unsigned count);

/* A file of `size` bytes, at most CREW_FILE_MAX. `path` and `xattrs` are copied; NULL if memory is
 * out. */
struct crew_file *crew_file_new(const char *path, size_t size, const struct meta *meta,
                                const struct xattrs *xattrs);

void crew_file_free(struct crew_file *file);

/* Takes the file over, to be made in the open directory `parent`, which the caller knows as `node`.
 * What stands at its name must not be a directory. Waits where too much is waiting. Returns a
 * status, that of an earlier file perhaps; the line is printed. */
enum status crew_give(struct crew *crew, struct crew_file *file, uint32_t node, int parent);

/* Waits until no file called `name` in the directory `node` is waiting. Returns as crew_give(). */
enum status crew_settle_name(struct crew *crew, uint32_t node, const char *name);

/* Waits until all files are made. Returns as crew_give(). */
enum status crew_settle(struct crew *crew);

/* Ends the threads; what was not made by then is not made. */
void crew_stop(struct crew *crew);

#endif
