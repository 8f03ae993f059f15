#include "place/child.h"

#include "diag.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void child_signals_hold(struct child_signals *signals)
{
    static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    sigemptyset(&signals->held);
    for (size_t i = 0; i < sizeof ending / sizeof ending[0]; i++) {
        struct sigaction action;
        if (sigaction(ending[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(&signals->held, ending[i]);
    }
    /* An ignored SIGCHLD would never arrive, and the child's exit status would be lost. */
    signal(SIGCHLD, SIG_DFL);
    sigaddset(&signals->held, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals->held, &signals->before);
}

void child_signals_release(const struct child_signals *signals)
{
    sigprocmask(SIG_SETMASK, &signals->before, NULL);
}

static pid_t child_wait(pid_t child, int *result)
{
    pid_t ended = 0;
    do {
        ended = waitpid(child, result, 0);
    } while (ended < 0 && errno == EINTR);
    return ended;
}

static enum status child_status(int result)
{
    if (WIFEXITED(result) && WEXITSTATUS(result) <= STATUS_DIGEST)
        return (enum status)WEXITSTATUS(result);
    if (WIFSIGNALED(result))
        return diag_error("the child process was killed by signal %d (%s)", WTERMSIG(result),
                          strsignal(WTERMSIG(result)));
    return diag_error("the child process exited with status %d", WEXITSTATUS(result));
}

/* Waits for the child to end or for a signal that asks this process to end. Returns that signal, or
 * 0. */
static int supervise(pid_t child, const sigset_t *waited, enum status *status)
{
    int asked = 0, result = 0;
    for (;;) {
        int signal = sigwaitinfo(waited, NULL);
        if (signal < 0)
            continue;
        if (signal != SIGCHLD) {
            asked = signal;
            kill(child, SIGKILL);
        }
        /* SIGCHLD also arrives when the child stops (Ctrl-Z). */
        pid_t ended = asked ? child_wait(child, &result) : waitpid(child, &result, WNOHANG);
        if (ended == 0)
            continue;
        if (ended < 0 && !asked)
            diag_errno("cannot wait for the child process");
        *status = asked || ended < 0 ? STATUS_SYSTEM : child_status(result);
        return asked;
    }
}

static _Noreturn void child_main(enum status (*run)(void *context), void *context, pid_t parent,
                                 const sigset_t *mask)
{
    sigprocmask(SIG_SETMASK, mask, NULL);
    signal(SIGXFSZ, SIG_IGN); /* let the write fail instead, with a message about the file */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it died before prctl() took effect */
        _exit(STATUS_SYSTEM);
    _exit((int)run(context));
}

int child_run(const struct child_signals *signals, enum status (*run)(void *context), void *context,
              enum status *status)
{
    pid_t parent = getpid(), child = fork();
    if (child == 0)
        child_main(run, context, parent, &signals->before);
    if (child > 0)
        return supervise(child, &signals->held, status);
    *status = diag_errno("cannot start the child process");
    return 0;
}

_Noreturn void child_die(int number)
{
    sigset_t set;
    signal(number, SIG_DFL);
    sigemptyset(&set);
    sigaddset(&set, number);
    kill(getpid(), number); /* blocked until the next line */
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    abort(); /* not reached */
}
