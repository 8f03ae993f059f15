/*
 * A preloaded library that kills a program just before one of its changes to the file system:
 *
 *   FAULTS_STEP=N         the Nth change of the process and its children: the process that is about
 *                         to make it is killed, and the process that was started; 0: none
 *   FAULTS_COUNT=FILE     counts the changes: a 32-bit number
 *
 * Run the programs with -j 1: with threads the order of changes differs from run to run.
 */
#include "count.h"

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/xattr.h>

static atomic_uint *counted;
static unsigned last_step;
static pid_t first; /* the process that loaded this library; its children inherit the variable */

__attribute__((constructor)) static void begin(void)
{
    last_step = count_wanted("FAULTS_STEP");
    counted = count_map();
    first = getpid();
}

static void step(void)
{
    if (!counted || atomic_fetch_add(counted, 1) + 1 != last_step)
        return;
    if (getpid() != first)
        (void)kill(first, SIGKILL);
    (void)kill(getpid(), SIGKILL);
}

/* libc's own declarations have other names for the parameters.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

int mkdirat(int parent, const char *name, mode_t mode)
{
    step();
    return (int)syscall(SYS_mkdirat, parent, name, mode);
}

int linkat(int from, const char *name, int to, const char *new_name, int flags)
{
    step();
    return (int)syscall(SYS_linkat, from, name, to, new_name, flags);
}

int renameat(int from, const char *name, int to, const char *new_name)
{
    step();
    return (int)syscall(SYS_renameat2, from, name, to, new_name, 0);
}

int unlinkat(int parent, const char *name, int flags)
{
    step();
    return (int)syscall(SYS_unlinkat, parent, name, flags);
}

int fchmod(int fd, mode_t mode)
{
    step();
    return (int)syscall(SYS_fchmod, fd, mode);
}

int fchown(int fd, uid_t owner, gid_t group)
{
    step();
    return (int)syscall(SYS_fchown, fd, owner, group);
}

int futimens(int fd, const struct timespec times[2])
{
    step();
    return (int)syscall(SYS_utimensat, fd, NULL, times, 0);
}

int fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)
{
    step();
    return (int)syscall(SYS_fsetxattr, fd, name, value, size, flags);
}

int fremovexattr(int fd, const char *name)
{
    step();
    return (int)syscall(SYS_fremovexattr, fd, name);
}

int fsync(int fd)
{
    step();
    return (int)syscall(SYS_fsync, fd);
}

int syncfs(int fd)
{
    step();
    return (int)syscall(SYS_syncfs, fd);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
