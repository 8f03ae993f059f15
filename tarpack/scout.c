#include "scout.h"

#include "diag.h"
#include "thread.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

/* How many items the scout is ahead at most, and for how many it works after a read that waited. */
#define AHEAD_MAX 512
#define COLD_ITEMS 1024

/* A scout that waits is woken for this many items at once. */
#define STEPS 64

/* What is asked for of a large file; the rest the kernel reads ahead by itself. */
#define CONTENT_MAX ((off_t)1 << 20)

/* Waits until there is something to do ahead of the walk. Returns false when all is over. */
static bool work_await(struct scout *scout, size_t at)
{
    bool ending = false;
    pthread_mutex_lock(&scout->lock);
    atomic_store(&scout->waiting, true);
    for (;;) {
        size_t walked = atomic_load(&scout->walked);
        ending = scout->ending;
        if (ending || (walked < atomic_load(&scout->cold_until) && at < walked + AHEAD_MAX))
            break;
        pthread_cond_wait(&scout->moved, &scout->lock);
    }
    atomic_store(&scout->waiting, false);
    pthread_mutex_unlock(&scout->lock);
    return !ending;
}

/* Whether the scout may go on without waiting. */
static bool may_work(struct scout *scout, size_t at)
{
    size_t walked = atomic_load(&scout->walked);
    return walked < atomic_load(&scout->cold_until) && at < walked + AHEAD_MAX;
}

static void content_ask(const struct walk_item *item)
{
    off_t size = item->status.st_size;
    if (item->fd >= 0 && S_ISREG(item->status.st_mode) && size > 0)
        (void)posix_fadvise(item->fd, 0, size < CONTENT_MAX ? size : CONTENT_MAX,
                            POSIX_FADV_WILLNEED);
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
    content_ask(item);
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
    scout->root = -1;
    for (size_t at = 0; status == STATUS_OK; at++) {
        if (!may_work(scout, at) && !work_await(scout, at))
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

/* From here on the reads are cold. */
static void work_begin(struct scout *scout)
{
    atomic_store(&scout->cold_until, atomic_load(&scout->walked) + COLD_ITEMS);
    if (scout->started || scout->root < 0)
        return;
    pthread_mutex_init(&scout->lock, NULL);
    pthread_cond_init(&scout->moved, NULL);
    if (thread_start(&scout->thread, thread_main, scout) == 0) {
        scout->started = true;
        return;
    }
    close(scout->root);
    scout->root = -1;
}

ssize_t scout_pread(struct scout *scout, int fd, void *space, size_t room, off_t offset)
{
    struct iovec part = {space, room};
    if (scout->blind || (scout->root < 0 && !scout->started))
        return pread(fd, space, room, offset);
    ssize_t got = preadv2(fd, &part, 1, offset, RWF_NOWAIT);
    if (got >= 0)
        return got;
    if (errno == EAGAIN)
        work_begin(scout);
    else
        scout->blind = true;
    return pread(fd, space, room, offset);
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
