/*
 * The child process that reads what an attacker wrote.
 */
#ifndef TARUNPACK_PLACE_SANDBOX_H
#define TARUNPACK_PLACE_SANDBOX_H

#include "status.h"

/* Gives up what this process does not need: new privileges; and with Landlock (kernel
 * documentation, userspace-api/landlock.rst) all files but those below the open directory `fd`, or
 * all where `fd` is -1. Newer kernels also take away TCP (Linux 6.7), and signals and abstract
 * sockets of processes outside (6.12). Descriptors that are open stay usable. A kernel without
 * Landlock, or with one too old to allow links between directories, is no failure: a note says so.
 * STATUS_SYSTEM where the kernel has it but memory or descriptors are out; the line is printed. */
enum status sandbox_enter(int fd);

#endif
