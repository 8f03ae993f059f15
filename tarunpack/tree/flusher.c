#include "tree/flusher.h"

#include "dirs.h"

#include <errno.h>
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
    while (!flusher->thread.ending && result == 0)
        result = pthread_cond_timedwait(&flusher->thread.changed, &flusher->thread.lock, &until);
    return flusher->thread.ending;
}

static void *thread_main(void *context)
{
    struct flusher *flusher = context;
    pthread_mutex_lock(&flusher->thread.lock);
    while (!flusher->error && !pause_or_end(flusher)) {
        pthread_mutex_unlock(&flusher->thread.lock);
        int error = syncfs(flusher->directory) == 0 ? 0 : errno;
        pthread_mutex_lock(&flusher->thread.lock);
        flusher->error = error;
    }
    pthread_mutex_unlock(&flusher->thread.lock);
    return NULL;
}

void flusher_start(struct flusher *flusher, int directory, bool wanted)
{
    *flusher = (struct flusher){0};
    if (!wanted)
        return;
    flusher->directory = dirs_open(directory, ".");
    if (flusher->directory >= 0 && thread_begin(&flusher->thread, thread_main, flusher) != 0)
        close(flusher->directory);
}

int flusher_stop(struct flusher *flusher)
{
    if (!flusher->thread.running)
        return 0;
    thread_end(&flusher->thread);
    close(flusher->directory);
    errno = flusher->error;
    return flusher->error ? -1 : 0;
}
