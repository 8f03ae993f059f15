#include "crew.h"

#include "diag.h"
#include "press.h"
#include "thread.h"

#include <stdbool.h>
#include <stdlib.h>

/* Frames besides the one of each job: two that are filled, one that is written or waits. */
#define FRAMES_MORE 3

struct worker {
    struct crew *crew;
    pthread_t thread;
    struct press press;
    struct diag_kept kept;
};

struct crew {
    struct writer *writer;
    struct worker *workers; /* `jobs` of them, and the writing thread's, whose press is not used */
    unsigned jobs;
    unsigned started;     /* threads, the writing one included; 0: the caller does everything */
    struct frame *frames; /* jobs + FRAMES_MORE */
    size_t count;
    struct frame **free; /* a stack */
    struct frame **ring; /* given frames by their number, modulo `count` */

    pthread_mutex_t lock; /* guards what follows, `free` and `ring` */
    pthread_cond_t changed;
    size_t unused;   /* frames in `free` */
    uint64_t given;  /* frames to be stored */
    uint64_t taken;  /* by compressing threads */
    uint64_t stored; /* written */
    bool ending;
    enum status status;       /* of the first failure */
    struct diag_kept *failed; /* its message */
};

/* Called with the lock held. */
static void failure_note(struct worker *worker, enum status status)
{
    struct crew *crew = worker->crew;
    if (status == STATUS_OK || crew->status != STATUS_OK)
        return;
    crew->status = status;
    crew->failed = &worker->kept;
}

/* Called with the lock held. */
static void frame_release(struct crew *crew, struct frame *frame)
{
    frame_clear(frame);
    crew->free[crew->unused++] = frame;
}

/* Compresses frames that no other thread has taken. After a failure they are only passed on. */
static void *compress_main(void *context)
{
    struct worker *worker = context;
    struct crew *crew = worker->crew;
    diag_keep(&worker->kept);
    pthread_mutex_lock(&crew->lock);
    for (;;) {
        while (crew->taken == crew->given && !crew->ending)
            pthread_cond_wait(&crew->changed, &crew->lock);
        if (crew->taken == crew->given)
            break;
        struct frame *frame = crew->ring[crew->taken++ % crew->count];
        enum status status = crew->status;
        pthread_mutex_unlock(&crew->lock);
        if (status == STATUS_OK)
            status = press_frame(&worker->press, frame);
        pthread_mutex_lock(&crew->lock);
        failure_note(worker, status);
        frame->done = true;
        pthread_cond_broadcast(&crew->changed);
    }
    pthread_mutex_unlock(&crew->lock);
    diag_keep(NULL);
    return NULL;
}

/* Whether the next frame in order can be written. Called with the lock held. */
static bool is_next_done(const struct crew *crew)
{
    return crew->stored < crew->given && crew->ring[crew->stored % crew->count]->done;
}

static void *write_main(void *context)
{
    struct worker *worker = context;
    struct crew *crew = worker->crew;
    diag_keep(&worker->kept);
    pthread_mutex_lock(&crew->lock);
    for (;;) {
        while (!is_next_done(crew) && !(crew->ending && crew->stored == crew->given))
            pthread_cond_wait(&crew->changed, &crew->lock);
        if (crew->stored == crew->given)
            break;
        struct frame *frame = crew->ring[crew->stored % crew->count];
        enum status status = crew->status;
        pthread_mutex_unlock(&crew->lock);
        if (status == STATUS_OK)
            status = writer_add(crew->writer, frame);
        pthread_mutex_lock(&crew->lock);
        failure_note(worker, status);
        crew->stored++;
        frame_release(crew, frame);
        pthread_cond_broadcast(&crew->changed);
    }
    pthread_mutex_unlock(&crew->lock);
    diag_keep(NULL);
    return NULL;
}

static void threads_join(struct crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    crew->ending = true;
    pthread_cond_broadcast(&crew->changed);
    pthread_mutex_unlock(&crew->lock);
    while (crew->started > 0)
        pthread_join(crew->workers[--crew->started].thread, NULL);
}

/* Starts the writing thread and those that compress. Fewer than wanted do; if there are not two,
 * the caller's thread does everything. */
static void threads_start(struct crew *crew)
{
    for (unsigned i = 0; i <= crew->jobs; i++) {
        struct worker *worker = &crew->workers[i];
        if (thread_start(&worker->thread, i == 0 ? write_main : compress_main, worker) != 0)
            break;
        crew->started++;
    }
    if (crew->started < 2) {
        threads_join(crew);
        crew->ending = false;
    }
}

static void crew_free(struct crew *crew)
{
    for (unsigned i = 0; crew->workers && i <= crew->jobs; i++)
        press_close(&crew->workers[i].press);
    for (size_t i = 0; crew->frames && i < crew->count; i++)
        frame_free(&crew->frames[i]);
    free(crew->workers);
    free(crew->frames);
    free((void *)crew->free);
    free((void *)crew->ring);
    pthread_cond_destroy(&crew->changed);
    pthread_mutex_destroy(&crew->lock);
    free(crew);
}

static enum status crew_allocate(struct crew *crew, int level)
{
    crew->workers = calloc(crew->jobs + 1, sizeof *crew->workers);
    crew->frames = calloc(crew->count, sizeof *crew->frames);
    crew->free = (struct frame **)calloc(crew->count, sizeof(struct frame *));
    crew->ring = (struct frame **)calloc(crew->count, sizeof(struct frame *));
    if (!crew->workers || !crew->frames || !crew->free || !crew->ring)
        return diag_no_memory();
    while (crew->unused < crew->count) {
        crew->free[crew->unused] = &crew->frames[crew->unused];
        crew->unused++;
    }
    enum status status = STATUS_OK;
    for (unsigned i = 0; i <= crew->jobs && status == STATUS_OK; i++) {
        crew->workers[i].crew = crew;
        if (i > 0)
            status = press_open(&crew->workers[i].press, level);
    }
    return status;
}

enum status crew_start(struct crew **started, struct writer *writer, unsigned jobs, int level)
{
    struct crew *crew = *started = calloc(1, sizeof *crew);
    if (!crew)
        return diag_no_memory();
    crew->writer = writer;
    crew->jobs = jobs;
    crew->count = (size_t)jobs + FRAMES_MORE;
    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->changed, NULL);
    enum status status = crew_allocate(crew, level);
    if (status != STATUS_OK) {
        crew_free(crew);
        *started = NULL;
        return status;
    }
    if (jobs > 1)
        threads_start(crew);
    return STATUS_OK;
}

struct frame *crew_frame(struct crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    while (crew->unused == 0)
        pthread_cond_wait(&crew->changed, &crew->lock);
    struct frame *frame = crew->free[--crew->unused];
    pthread_mutex_unlock(&crew->lock);
    return frame;
}

enum status crew_give(struct crew *crew, struct frame *frame)
{
    if (crew->started == 0) {
        enum status status = press_frame(&crew->workers[1].press, frame);
        if (status == STATUS_OK)
            status = writer_add(crew->writer, frame);
        frame_release(crew, frame);
        return status;
    }
    pthread_mutex_lock(&crew->lock);
    crew->ring[crew->given++ % crew->count] = frame;
    pthread_cond_broadcast(&crew->changed);
    enum status status = crew->status;
    pthread_mutex_unlock(&crew->lock);
    return status;
}

enum status crew_stop(struct crew *crew)
{
    if (!crew)
        return STATUS_OK;
    if (crew->started > 0)
        threads_join(crew);
    enum status status = crew->status;
    if (crew->failed)
        diag_kept_print(crew->failed);
    crew_free(crew);
    return status;
}
