#include "thread.h"

#include <sched.h>
#include <signal.h>

int thread_start(pthread_t *thread, void *(*run)(void *context), void *context)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(thread, NULL, run, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

unsigned thread_cpus(void)
{
    cpu_set_t cpus;
    /* It fails where there are more than cpu_set_t counts: more than we would use. */
    if (sched_getaffinity(0, sizeof cpus, &cpus) != 0)
        return CPU_SETSIZE;
    int count = CPU_COUNT(&cpus);
    return count > 0 ? (unsigned)count : 1;
}
