/* Threads: stacks, signals and the maximum number. */
#include "thread.h"

#include "tap.h"

#include <signal.h>

/* The properties that a thread finds. */
struct found {
    size_t stack;
    bool deaf;
};

static void *look(void *context)
{
    struct found *found = context;
    pthread_attr_t attributes;
    sigset_t held;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        if (pthread_attr_getstacksize(&attributes, &found->stack) != 0)
            found->stack = 0;
        pthread_attr_destroy(&attributes);
    }
    if (pthread_sigmask(SIG_BLOCK, NULL, &held) == 0)
        found->deaf = sigismember(&held, SIGTERM) == 1;
    return NULL;
}

int main(void)
{
    struct found found = {0};
    pthread_t thread;
    sigset_t held;
    CHECK(thread_start(&thread, look, &found) == 0 && pthread_join(thread, NULL) == 0,
          "the thread runs");
    CHECK(found.stack >= 1000000 && found.stack < 2000000, "its stack is 1 MiB, not %zu bytes",
          found.stack);
    CHECK(found.deaf, "the thread gets no signals");
    CHECK(pthread_sigmask(SIG_BLOCK, NULL, &held) == 0 && sigismember(&held, SIGTERM) == 0,
          "the thread that started it still gets signals");
    CHECK(thread_cpus() >= 1, "there is a CPU");
    return tap_done();
}
