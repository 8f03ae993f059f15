/*
 * A part of the program that runs as a process of its own.
 */
#ifndef TARUNPACK_PLACE_CHILD_H
#define TARUNPACK_PLACE_CHILD_H

#include "status.h"

#include <signal.h>

/* The signals that ask a process to end (SIGINT, SIGTERM, SIGHUP, SIGQUIT), kept back so that what
 * was begun can be cleaned up. One that the caller ignores (nohup) stays ignored. */
struct child_signals {
    sigset_t held, before;
};

/* Keeps them back until child_signals_release(). */
void child_signals_hold(struct child_signals *signals);
void child_signals_release(const struct child_signals *signals);

/* Runs `run(context)` in a child process, which gets the signals as they were, and waits for it;
 * the child dies with this process. Stores what the function returned; a child that was killed, or
 * that ended with anything else, is STATUS_SYSTEM with its line printed. Should this process be
 * told to end meanwhile, the child is killed and the signal's number returned, for child_die();
 * else 0. Call while there is only one thread. */
int child_run(const struct child_signals *signals, enum status (*run)(void *context), void *context,
              enum status *status);

/* Ends this process by the signal that child_run() returned. */
_Noreturn void child_die(int number);

#endif
