#include "tree/scout.h"

#include "diag.h"
#include "kernel.h"
#include "thread.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* How many items the scout may be ahead. */
#define AHEAD_MAX 512

/* One file that is not cached weighs as much as this many that are. The scout starts when the walk
 * has met three uncached files in short order, and pauses when of its own last few hundred files
 * fewer than one in COLD_WEIGHT was uncached. */
#define COLD_WEIGHT 16
#define COLD_BEGIN (3 * COLD_WEIGHT - 8)
#define FOUND_MAX 256

/* A waiting scout is woken every so many items. */
#define STEPS 64

/* How much of a large file is requested; the kernel reads the rest ahead by itself. */
#define CONTENT_MAX ((off_t)1 << 20)

struct scout {
    int root; /* descriptor of its own; the thread takes it over */
    struct walk_limits limits;
    dev_t device; /* of the root */
    bool blind;   /* reads cannot tell whether they would wait */
    struct thread thread;
    atomic_size_t walked; /* items that the walk has reached */
    atomic_bool working;  /* the scout is needed */
    atomic_bool waiting;  /* the thread waits for work */
    unsigned cold;        /* weight of the uncached files that the walk met lately */
    unsigned found;       /* the same for the scout, from FOUND_MAX down */
};

static unsigned weigh(unsigned weight, bool cold)
{
    if (cold)
        return weight + COLD_WEIGHT < FOUND_MAX ? weight + COLD_WEIGHT : FOUND_MAX;
    return weight > 0 ? weight - 1 : 0;
}

/* Whether the scout, at item `at`, should go on. */
static bool has_work(struct scout *scout, size_t at)
{
    return atomic_load(&scout->working) && at < atomic_load(&scout->walked) + AHEAD_MAX;
}

/* Waits until the scout should go on. Returns false at the end. */
static bool work_await(struct scout *scout, size_t at)
{
    pthread_mutex_lock(&scout->thread.lock);
    atomic_store(&scout->waiting, true);
    while (!scout->thread.ending && !has_work(scout, at))
        pthread_cond_wait(&scout->thread.changed, &scout->thread.lock);
    atomic_store(&scout->waiting, false);
    bool ending = scout->thread.ending;
    pthread_mutex_unlock(&scout->thread.lock);
    return !ending;
}

/* If the content of the file is not cached, asks the kernel to read it. */
static void content_ask(struct scout *scout, const struct walk_item *item)
{
    char byte = 0;
    off_t size = item->status.st_size;
    if (item->fd < 0 || !S_ISREG(item->status.st_mode) || size == 0)
        return;
    bool cold = kernel_read_cached(item->fd, &byte, 1, 0) < 0;
    if (cold)
        (void)posix_fadvise(item->fd, 0, size < CONTENT_MAX ? size : CONTENT_MAX,
                            POSIX_FADV_WILLNEED);
    scout->found = weigh(scout->found, cold);
    if (scout->found == 0)
        atomic_store(&scout->working, false);
}

/* Visits the item. One that the walk has already passed only matters if it is a directory, whose
 * entries may still be ahead. */
static enum status item_visit(struct scout *scout, struct walk *walk, const struct walk_item *item,
                              size_t at)
{
    bool there = false;
    if (scout->limits.leaves_out(scout->limits.context, item))
        return STATUS_OK;
    if (at <= atomic_load(&scout->walked) && !walk_may_be_directory(walk))
        return STATUS_OK;
    enum status status = walk_look(walk, &there);
    if (status != STATUS_OK || !there)
        return status;
    if (item->parent < 0)
        scout->device = item->status.st_dev;
    if (scout->limits.one_file_system && item->status.st_dev != scout->device)
        walk_prune(walk);
    content_ask(scout, item);
    return STATUS_OK;
}

static void *thread_main(void *context)
{
    struct scout *scout = context;
    struct walk walk = {0};
    struct diag_kept kept = {0};
    const struct walk_item *item = NULL;
    diag_keep(&kept); /* the walk itself reports errors */
    enum status status = walk_start(&walk, scout->root, true);
    for (size_t at = 0; status == STATUS_OK; at++) {
        if (!has_work(scout, at) && !work_await(scout, at))
            break;
        status = walk_next(&walk, &item);
        if (status != STATUS_OK || !item)
            break;
        status = item_visit(scout, &walk, item, at);
    }
    walk_free(&walk);
    return NULL;
}

struct scout *scout_new(int root, const struct walk_limits *limits)
{
    struct scout *scout = calloc(1, sizeof *scout);
    if (!scout)
        return NULL;
    scout->limits = *limits;
    scout->root = dirs_open(root, ".");
    if (scout->root >= 0)
        return scout;
    free(scout);
    return NULL;
}

void scout_step(struct scout *scout)
{
    if (!scout)
        return;
    size_t walked = atomic_fetch_add(&scout->walked, 1) + 1;
    if (!scout->thread.running || walked % STEPS != 0 || !atomic_load(&scout->waiting))
        return;
    pthread_mutex_lock(&scout->thread.lock);
    pthread_cond_signal(&scout->thread.changed);
    pthread_mutex_unlock(&scout->thread.lock);
}

/* Notes whether a read of the walk had to wait. */
static void read_weigh(struct scout *scout, bool cold)
{
    scout->cold = weigh(scout->cold, cold);
    if (scout->cold < COLD_BEGIN || atomic_load(&scout->working))
        return;
    /* If the scout is just about to pause, the next uncached file wakes it. Until then its thread
     * does not use `found`. */
    scout->found = FOUND_MAX;
    atomic_store(&scout->working, true);
    scout->cold = 0;
    if (!scout->thread.running && thread_begin(&scout->thread, thread_main, scout) != 0)
        scout->blind = true; /* not tried again */
}

/* Reads what is cached. Returns -1 if there is nothing. */
static ssize_t cached_read(struct scout *scout, int fd, void *space, size_t room, off_t offset)
{
    if (!scout || scout->blind)
        return -1;
    ssize_t got = kernel_read_cached(fd, space, room, offset);
    scout->blind = got < 0 && errno != EAGAIN;
    read_weigh(scout, got < 0);
    return got;
}

void scout_probe(struct scout *scout, int fd)
{
    char byte = 0;
    (void)cached_read(scout, fd, &byte, 1, 0);
}

ssize_t scout_pread(struct scout *scout, int fd, void *space, size_t room, off_t offset)
{
    ssize_t got = cached_read(scout, fd, space, room, offset);
    return got >= 0 ? got : pread(fd, space, room, offset);
}

void scout_stop(struct scout *scout)
{
    if (!scout)
        return;
    if (!scout->thread.running)
        close(scout->root);
    thread_end(&scout->thread);
    free(scout);
}
