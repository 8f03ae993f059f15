/*
 * Runs a part of the program as a child process. The fields of struct child_signals are private to
 * child.c.
 */
#ifndef TARUNPACK_PLACE_CHILD_H
#define TARUNPACK_PLACE_CHILD_H

#include "status.h"

#include <signal.h>

/* The signals that ask a process to end (SIGINT, SIGTERM, SIGHUP, SIGQUIT), blocked so that work
 * can be cleaned up. Signals that the caller ignores (nohup) stay ignored. */
struct child_signals {
    sigset_t held, before;
};

/* Blocks them until child_signals_release(). */
void child_signals_hold(struct child_signals *signals);
void child_signals_release(const struct child_signals *signals);

/* Runs `run(context)` in a child process with the original signal mask, and waits for it; the child
 * dies with this process. Stores the function's result; if the child was killed or exited in
 * another way, prints an error and stores STATUS_SYSTEM. If a blocked signal arrives meanwhile,
 * kills the child and returns the signal's number, for child_die(); otherwise returns 0. Call it
 * while there is only one thread. */
int child_run(const struct child_signals *signals, enum status (*run)(void *context), void *context,
              enum status *status);

/* Ends this process with the signal that child_run() returned. */
_Noreturn void child_die(int number);

#endif
