/*
 * Threads of a program whose signals belong to its main thread.
 */
#ifndef ZLSNAP_THREAD_H
#define ZLSNAP_THREAD_H

#include <pthread.h>

/* Starts a thread that gets no signals and has a stack of 1 MiB: not the 128 KiB of musl, nor as
 * much as `ulimit -s` says, which glibc takes. Returns 0, or an error number. */
int thread_start(pthread_t *thread, void *(*run)(void *context), void *context);

/* How many threads can run at the same time here, by the CPUs this process may use; at least 1. */
unsigned thread_cpus(void);

#endif
