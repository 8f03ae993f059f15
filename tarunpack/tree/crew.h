/*
 * Threads that write small files while the main thread reads on. Files of one directory are created
 * one after the other, in the order given; different directories are shared among the threads.
 * Before touching a name in another way, or relying on files given, call one of the settle
 * functions. All functions are for the main thread; the fields of struct crew and crew_dir are
 * private to crew.c.
 */
#ifndef TARUNPACK_TREE_CREW_H
#define TARUNPACK_TREE_CREW_H

#include "diag.h"
#include "tree/file.h"

#include <pthread.h>

/* The crew takes no larger files. */
#define CREW_FILE_MAX ((size_t)64 << 10)

/* A file to create. The caller fills in `bytes`; it owns everything it points to. */
struct crew_file {
    struct crew_file *next;
    const char *path, *name; /* both point behind the content */
    struct meta meta;
    struct xattrs xattrs;
    size_t size;
    char bytes[]; /* the content, initially zero */
};

/* A directory with files still to be created. */
struct crew_dir {
    struct crew_dir *next, *next_ready;
    uint32_t node; /* the caller's number for it */
    int fd;
    struct crew_file *waiting, **waiting_end; /* given */
    struct crew_file *taken;                  /* being created by a thread */
};

struct crew_worker;

/* Zero-initialised it has no threads and is safe to stop. */
struct crew {
    const struct file_rules *rules; /* borrowed; crew_stop() adds what was left out */
    struct crew_worker *workers;
    unsigned count;
    pthread_mutex_t lock;
    pthread_cond_t work, progress;
    struct crew_dir *dirs; /* all */
    size_t dirs_count;
    struct crew_dir *ready, **ready_end; /* directories that no thread works in */
    struct crew_dir *last;               /* the directory used last, or NULL */
    size_t files, bytes;                 /* not created yet */
    unsigned idle;
    bool ending;
    enum status status;
    struct diag_kept kept; /* the first error message */
};

/* Starts up to `count` threads. If none can be started, the crew has none. */
void crew_start(struct crew *crew, const struct file_rules *rules, unsigned count);

/* Makes a file of `size` bytes, at most CREW_FILE_MAX. `path` and `xattrs` are copied. NULL if out
 * of memory. */
struct crew_file *crew_file_new(const char *path, size_t size, const struct meta *meta,
                                const struct xattrs *xattrs);

void crew_file_free(struct crew_file *file);

/* Takes ownership of the file, to be created in the open directory `parent`, which has the caller's
 * number `node`. An entry with its name is replaced and must not be a directory. Waits while too
 * many files are waiting. Returns a status, perhaps that of an earlier file; errors are printed. */
enum status crew_give(struct crew *crew, struct crew_file *file, uint32_t node, int parent);

/* Waits until no file called `name` is waiting in the directory `node`. Returns as crew_give(). */
enum status crew_settle_name(struct crew *crew, uint32_t node, const char *name);

/* Waits until all files are created. Returns as crew_give(). */
enum status crew_settle(struct crew *crew);

/* Ends the threads; files that are still waiting are not created. */
void crew_stop(struct crew *crew);

#endif
