/*
 * Threads. Signals are handled by the main thread only.
 */
#ifndef ZLSNAP_THREAD_H
#define ZLSNAP_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/* Starts a thread that receives no signals and has a stack of 1 MiB, independent of the defaults
 * (128 KiB in musl, `ulimit -s` in glibc). Returns 0, or an error number. */
int thread_start(pthread_t *thread, void *(*run)(void *context), void *context);

/* A thread and what its owner shares with it. Zero-initialised it does not run. */
struct thread {
    bool running; /* for the owner only; otherwise the other fields are invalid */
    pthread_t id;
    pthread_mutex_t lock;   /* for `ending`, and for what the owner keeps beside this struct */
    pthread_cond_t changed; /* its clock is CLOCK_MONOTONIC */
    bool ending;            /* the thread must return */
};

/* Starts such a thread, as thread_start(). Returns 0; -1 if it does not run. */
int thread_begin(struct thread *thread, void *(*run)(void *context), void *context);

/* Sets `ending`, signals `changed` and waits for the thread. Does nothing if none runs. */
void thread_end(struct thread *thread);

/* The number of CPUs that this process may use; at least 1. */
unsigned thread_cpus(void);

#endif
