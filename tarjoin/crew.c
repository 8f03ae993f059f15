#include "crew.h"

#include "thread.h"

#include <stdlib.h>

/* Batches besides the one of each job: one that is laid out, and two that are filled and wait. */
#define BATCHES_MORE 3

struct worker {
    struct crew *crew;
    pthread_t thread;
    struct fetcher fetcher;
};

struct crew {
    const struct fetch *fetch;
    struct output *output;
    struct worker *workers;
    unsigned jobs;
    unsigned started;      /* 0: the main thread does everything */
    struct batch *batches; /* by their number, modulo `count` */
    size_t count;
    uint64_t written; /* batches; for the main thread only */

    pthread_mutex_t lock; /* guards what follows, and batch->done */
    pthread_cond_t changed;
    uint64_t given; /* batches laid out; the next one is crew_batch() */
    uint64_t taken; /* by threads */
    bool ending;
};

static void *worker_main(void *context)
{
    struct worker *worker = context;
    struct crew *crew = worker->crew;
    pthread_mutex_lock(&crew->lock);
    for (;;) {
        while (crew->taken == crew->given && !crew->ending)
            pthread_cond_wait(&crew->changed, &crew->lock);
        if (crew->ending)
            break;
        struct batch *batch = &crew->batches[crew->taken++ % crew->count];
        pthread_mutex_unlock(&crew->lock);
        batch_fill(batch, crew->fetch, &worker->fetcher);
        pthread_mutex_lock(&crew->lock);
        batch->done = true;
        pthread_cond_broadcast(&crew->changed);
    }
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

static enum status crew_allocate(struct crew *crew)
{
    crew->workers = calloc(crew->jobs, sizeof *crew->workers);
    crew->batches = calloc(crew->count, sizeof *crew->batches);
    if (!crew->workers || !crew->batches)
        return diag_no_memory();
    enum status status = STATUS_OK;
    for (unsigned i = 0; i < crew->jobs && status == STATUS_OK; i++) {
        crew->workers[i].crew = crew;
        status = fetcher_open(&crew->workers[i].fetcher);
    }
    return status;
}

enum status crew_new(struct crew **made, unsigned jobs)
{
    struct crew *crew = *made = calloc(1, sizeof *crew);
    if (!crew)
        return diag_no_memory();
    crew->jobs = jobs;
    crew->count = jobs > 1 ? (size_t)jobs + BATCHES_MORE : 1;
    pthread_mutex_init(&crew->lock, NULL);
    pthread_cond_init(&crew->changed, NULL);
    enum status status = crew_allocate(crew);
    if (status != STATUS_OK) {
        crew_free(crew);
        *made = NULL;
    }
    return status;
}

void crew_start(struct crew *crew, const struct fetch *fetch, struct output *output)
{
    crew->fetch = fetch;
    crew->output = output;
    while (crew->jobs > 1 && crew->started < crew->jobs) {
        struct worker *worker = &crew->workers[crew->started];
        if (thread_start(&worker->thread, worker_main, worker) != 0)
            break;
        crew->started++;
    }
}

struct batch *crew_batch(struct crew *crew)
{
    return &crew->batches[crew->given % crew->count];
}

/* Writes the oldest batch, which is filled. */
static enum status oldest_write(struct crew *crew)
{
    struct batch *batch = &crew->batches[crew->written++ % crew->count];
    enum status status = batch_report(batch, crew->fetch);
    if (status == STATUS_OK)
        status = output_write(crew->output, batch);
    batch_clear(batch);
    return status;
}

/* Waits until the oldest batch is filled; without `wait`, returns whether it is. */
static bool oldest_await(struct crew *crew, bool wait)
{
    const struct batch *batch = &crew->batches[crew->written % crew->count];
    pthread_mutex_lock(&crew->lock);
    while (wait && !batch->done)
        pthread_cond_wait(&crew->changed, &crew->lock);
    const bool done = batch->done;
    pthread_mutex_unlock(&crew->lock);
    return done;
}

/* Gives the current batch to the threads, and writes what they have filled until there is a batch
 * for the next layout. With `all`, writes all. */
static enum status batch_give(struct crew *crew, bool all)
{
    pthread_mutex_lock(&crew->lock);
    crew->given++;
    pthread_cond_broadcast(&crew->changed);
    pthread_mutex_unlock(&crew->lock);
    enum status status = STATUS_OK;
    while (status == STATUS_OK && crew->written < crew->given &&
           oldest_await(crew, all || crew->given - crew->written == crew->count))
        status = oldest_write(crew);
    return status;
}

/* Does with the current batch what the threads and the writer do. */
static enum status batch_pass(struct crew *crew)
{
    batch_fill(crew_batch(crew), crew->fetch, &crew->workers[0].fetcher);
    crew->given++;
    return oldest_write(crew);
}

enum status crew_advance(struct crew *crew)
{
    if (!batch_is_full(crew_batch(crew)))
        return STATUS_OK;
    return crew->started > 0 ? batch_give(crew, false) : batch_pass(crew);
}

enum status crew_finish(struct crew *crew)
{
    return crew->started > 0 ? batch_give(crew, true) : batch_pass(crew);
}

static void threads_stop(struct crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    crew->ending = true;
    pthread_cond_broadcast(&crew->changed);
    pthread_mutex_unlock(&crew->lock);
    while (crew->started > 0)
        pthread_join(crew->workers[--crew->started].thread, NULL);
}

void crew_free(struct crew *crew)
{
    if (!crew)
        return;
    if (crew->started > 0)
        threads_stop(crew);
    for (unsigned i = 0; crew->workers && i < crew->jobs; i++)
        fetcher_close(&crew->workers[i].fetcher);
    for (size_t i = 0; crew->batches && i < crew->count; i++)
        batch_free(&crew->batches[i]);
    free(crew->workers);
    free(crew->batches);
    pthread_cond_destroy(&crew->changed);
    pthread_mutex_destroy(&crew->lock);
    free(crew);
}
