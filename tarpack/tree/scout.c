#include "tree/scout.h"

#include "diag.h"
#include "kernel.h"
#include "thread.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* How many items the scout is ahead at most. */
#define AHEAD_MAX 512

/* Each file that is not in the cache weighs as much as so many that are. The scout begins to work
 * where the walk has met three such files soon after each other; it rests when of the last few
 * hundred files hardly one in COLD_WEIGHT was worth the asking. */
#define COLD_WEIGHT 16
#define COLD_BEGIN (3 * COLD_WEIGHT - 8)
#define FOUND_MAX 256

/* A scout that waits is woken for this many items at once. */
#define STEPS 64

/* What is asked for of a large file; the rest the kernel reads ahead by itself. */
#define CONTENT_MAX ((off_t)1 << 20)

static unsigned weigh(unsigned weight, bool cold)
{
    if (cold)
        return weight + COLD_WEIGHT < FOUND_MAX ? weight + COLD_WEIGHT : FOUND_MAX;
    return weight > 0 ? weight - 1 : 0;
}

/* Whether the scout, which has come to the item `at`, has something to do. */
static bool has_work(struct scout *scout, size_t at)
{
    return atomic_load(&scout->working) && at < atomic_load(&scout->walked) + AHEAD_MAX;
}

/* Waits until there is something to do. Returns false when all is over. */
static bool work_await(struct scout *scout, size_t at)
{
    pthread_mutex_lock(&scout->lock);
    atomic_store(&scout->waiting, true);
    while (!scout->ending && !has_work(scout, at))
        pthread_cond_wait(&scout->moved, &scout->lock);
    atomic_store(&scout->waiting, false);
    bool ending = scout->ending;
    pthread_mutex_unlock(&scout->lock);
    return !ending;
}

/* Reads of the file what is in the cache; asks for it if nothing is. */
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

/* Looks at the item, unless the walk has passed it already: then only at directories, to go on into
 * them. */
static enum status item_visit(struct scout *scout, struct walk *walk, const struct walk_item *item,
                              size_t at)
{
    bool there = false;
    if (scout->leaves_out(scout->context, item))
        return STATUS_OK;
    if (at <= atomic_load(&scout->walked) && !walk_may_be_directory(walk))
        return STATUS_OK;
    enum status status = walk_look(walk, &there);
    if (status != STATUS_OK || !there)
        return status;
    if (item->parent < 0)
        scout->device = item->status.st_dev;
    if (scout->one_file_system && item->status.st_dev != scout->device)
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
    diag_keep(&kept); /* the walk itself will tell of what is wrong */
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

void scout_prepare(struct scout *scout, int root, bool wanted)
{
    *scout = (struct scout){.root = wanted ? dirs_open(root, ".") : -1};
}

void scout_step(struct scout *scout)
{
    size_t walked = atomic_fetch_add(&scout->walked, 1) + 1;
    if (!scout->started || walked % STEPS != 0 || !atomic_load(&scout->waiting))
        return;
    pthread_mutex_lock(&scout->lock);
    pthread_cond_signal(&scout->moved);
    pthread_mutex_unlock(&scout->lock);
}

/* Starts the thread where there is none yet. */
static void thread_begin(struct scout *scout)
{
    pthread_mutex_init(&scout->lock, NULL);
    pthread_cond_init(&scout->moved, NULL);
    scout->started = thread_start(&scout->thread, thread_main, scout) == 0;
    if (scout->started)
        return;
    close(scout->root);
    scout->root = -1;
}

/* Takes note of how a read of the walk went. */
static void read_weigh(struct scout *scout, bool cold)
{
    scout->cold = weigh(scout->cold, cold);
    if (scout->cold < COLD_BEGIN || atomic_load(&scout->working))
        return;
    /* The scout may be about to rest: it will be woken the next time. */
    atomic_store(&scout->working, true);
    scout->cold = 0;
    if (!scout->started)
        thread_begin(scout);
}

ssize_t scout_pread(struct scout *scout, int fd, void *space, size_t room, off_t offset)
{
    if (scout->blind || scout->root < 0)
        return pread(fd, space, room, offset);
    ssize_t got = kernel_read_cached(fd, space, room, offset);
    scout->blind = got < 0 && errno != EAGAIN;
    read_weigh(scout, got < 0);
    return got >= 0 ? got : pread(fd, space, room, offset);
}

void scout_stop(struct scout *scout)
{
    if (scout->started) {
        pthread_mutex_lock(&scout->lock);
        scout->ending = true;
        pthread_cond_signal(&scout->moved);
        pthread_mutex_unlock(&scout->lock);
        pthread_join(scout->thread, NULL);
        pthread_cond_destroy(&scout->moved);
        pthread_mutex_destroy(&scout->lock);
    } else if (scout->root >= 0) {
        close(scout->root);
    }
    *scout = (struct scout){.root = -1};
}
