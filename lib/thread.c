#include "thread.h"

#include <sched.h>
#include <signal.h>
#include <time.h>

/* The deepest use is reading a directory, with a buffer of 64 KiB. */
#define STACK_SIZE ((size_t)1024 * 1024)

int thread_start(pthread_t *thread, void *(*run)(void *context), void *context)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    if (error == 0) {
        error = pthread_attr_setstacksize(&attributes, STACK_SIZE);
        if (error == 0)
            error = pthread_create(thread, &attributes, run, context);
        pthread_attr_destroy(&attributes);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

static void thread_release(struct thread *thread)
{
    pthread_cond_destroy(&thread->changed);
    pthread_mutex_destroy(&thread->lock);
    thread->running = false;
}

int thread_begin(struct thread *thread, void *(*run)(void *context), void *context)
{
    pthread_condattr_t attributes;
    *thread = (struct thread){0};
    pthread_mutex_init(&thread->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&thread->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    thread->running = true;
    if (thread_start(&thread->id, run, context) == 0)
        return 0;
    thread_release(thread);
    return -1;
}

void thread_end(struct thread *thread)
{
    if (!thread->running)
        return;
    pthread_mutex_lock(&thread->lock);
    thread->ending = true;
    pthread_cond_broadcast(&thread->changed);
    pthread_mutex_unlock(&thread->lock);
    pthread_join(thread->id, NULL);
    thread_release(thread);
}

unsigned thread_cpus(void)
{
    cpu_set_t cpus;
    /* Fails if there are more CPUs than cpu_set_t can represent, which is more than we use. */
    if (sched_getaffinity(0, sizeof cpus, &cpus) != 0)
        return CPU_SETSIZE;
    int count = CPU_COUNT(&cpus);
    return count > 0 ? (unsigned)count : 1;
}
