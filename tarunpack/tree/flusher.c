#include "tree/flusher.h"

#include "thread.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

/* Short enough to keep a disk busy, long enough that small archives need no sync. */
#define PAUSE_NANOSECONDS 300000000

/* Waits for the pause. Returns whether the thread must end. Called with the lock held. */
static bool pause_or_end(struct flusher *flusher)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until); /* fails only for unknown clocks */
    until.tv_nsec += PAUSE_NANOSECONDS;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    int result = 0;
    while (!flusher->ending && result == 0)
        result = pthread_cond_timedwait(&flusher->changed, &flusher->lock, &until);
    return flusher->ending;
}

static void *thread_main(void *context)
{
    struct flusher *flusher = context;
    pthread_mutex_lock(&flusher->lock);
    while (!flusher->error && !pause_or_end(flusher)) {
        pthread_mutex_unlock(&flusher->lock);
        int error = syncfs(flusher->directory) == 0 ? 0 : errno;
        pthread_mutex_lock(&flusher->lock);
        flusher->error = error;
    }
    pthread_mutex_unlock(&flusher->lock);
    return NULL;
}

static void release(struct flusher *flusher)
{
    close(flusher->directory);
    pthread_cond_destroy(&flusher->changed);
    pthread_mutex_destroy(&flusher->lock);
}

void flusher_start(struct flusher *flusher, int directory, bool wanted)
{
    pthread_condattr_t attributes;
    *flusher = (struct flusher){0};
    if (!wanted)
        return;
    flusher->directory = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (flusher->directory < 0)
        return;
    pthread_mutex_init(&flusher->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&flusher->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    flusher->started = thread_start(&flusher->thread, thread_main, flusher) == 0;
    if (!flusher->started)
        release(flusher);
}

int flusher_stop(struct flusher *flusher)
{
    if (!flusher->started)
        return 0;
    pthread_mutex_lock(&flusher->lock);
    flusher->ending = true;
    pthread_cond_broadcast(&flusher->changed);
    pthread_mutex_unlock(&flusher->lock);
    pthread_join(flusher->thread, NULL);
    flusher->started = false;
    release(flusher);
    errno = flusher->error;
    return flusher->error ? -1 : 0;
}
