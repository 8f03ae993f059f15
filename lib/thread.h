/*
 * Threads. Signals are handled by the main thread only.
 */
#ifndef ZLSNAP_THREAD_H
#define ZLSNAP_THREAD_H

#include <pthread.h>

/* Starts a thread that receives no signals and has a stack of 1 MiB, independent of the defaults
 * (128 KiB in musl, `ulimit -s` in glibc). Returns 0, or an error number. */
int thread_start(pthread_t *thread, void *(*run)(void *context), void *context);

/* The number of CPUs that this process may use; at least 1. */
unsigned thread_cpus(void);

#endif
