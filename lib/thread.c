#include "thread.h"

#include <sched.h>
#include <signal.h>

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

unsigned thread_cpus(void)
{
    cpu_set_t cpus;
    /* Fails if there are more CPUs than cpu_set_t can represent, which is more than we use. */
    if (sched_getaffinity(0, sizeof cpus, &cpus) != 0)
        return CPU_SETSIZE;
    int count = CPU_COUNT(&cpus);
    return count > 0 ? (unsigned)count : 1;
}
