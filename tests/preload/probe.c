/*
 * A library that is preloaded into tarunpack: as standard input is read for the first time, it
 * tries what the process should not be able to do by then, and says on stderr what became of it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

/* An abstract socket that listens since before there was a sandbox. */
static struct sockaddr_un listening;
static socklen_t listening_length;

__attribute__((constructor)) static void begin(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    listening.sun_family = AF_UNIX;
    int length =
        snprintf(listening.sun_path + 1, sizeof listening.sun_path - 1, "probe-%d", getpid());
    listening_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
    if (bind(fd, (const void *)&listening, listening_length) != 0 || listen(fd, 1) != 0)
        perror("probe: cannot listen");
}

static void say(const char *what, int result)
{
    dprintf(STDERR_FILENO, "probe: %s: %s\n", what, result == 0 ? "done" : strerror(errno));
}

static void probe(void)
{
    /* Port 9 is one where hardly anybody listens; 0 is any. */
    struct sockaddr_in discard = {.sin_family = AF_INET, .sin_port = htons(9)};
    struct sockaddr_in any = {.sin_family = AF_INET};
    discard.sin_addr.s_addr = any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int local = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    say("connect", connect(tcp, (const void *)&discard, sizeof discard));
    close(tcp);
    tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    say("bind", bind(tcp, (const void *)&any, sizeof any));
    say("abstract", connect(local, (const void *)&listening, listening_length));
    say("signal", kill(getppid(), 0));
    close(tcp);
    close(local);
}

/* libc's own declaration has other names for the parameters.
 * NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
ssize_t read(int fd, void *space, size_t length)
{
    static atomic_bool probed;
    if (fd == STDIN_FILENO && !atomic_exchange(&probed, 1))
        probe();
    return syscall(SYS_read, fd, space, length);
}
