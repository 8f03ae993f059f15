#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

/* The default of /proc/sys/fs/pipe-max-size, and the initial size of a pipe. */
#define PIPE_LARGE (1024 * 1024)
#define PIPE_DEFAULT (64 * 1024)

/* Bytes of a text that are read at once. */
#define READ_SIZE ((size_t)16 * 1024)

/* Whether to repeat a call that failed with errno. Waits for `events` if the descriptor is
 * non-blocking: another process that shares the open file may have made it so. */
static bool stream_again(int fd, short events)
{
    if (errno == EINTR)
        return true;
    if (errno != EAGAIN)
        return false;
    struct pollfd wait = {.fd = fd, .events = events};
    return poll(&wait, 1, -1) >= 0 || errno == EINTR;
}

ssize_t stream_read_some(int fd, void *buffer, size_t length)
{
    ssize_t got = 0;
    do {
        got = read(fd, buffer, length);
    } while (got < 0 && stream_again(fd, POLLIN));
    return got;
}

ssize_t stream_read(int fd, void *buffer, size_t length)
{
    char *bytes = buffer;
    size_t filled = 0;
    while (filled < length) {
        ssize_t got = stream_read_some(fd, bytes + filled, length - filled);
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        filled += (size_t)got;
    }
    return (ssize_t)filled;
}

int stream_read_all(int fd, struct buf *text)
{
    ssize_t got = 0;
    do {
        if (buf_reserve(text, READ_SIZE) != 0)
            return -1;
        got = stream_read_some(fd, text->bytes + text->length, READ_SIZE);
        text->length += got > 0 ? (size_t)got : 0;
    } while (got > 0);
    return got == 0 ? buf_append(text, "", 0) : -1;
}

int stream_write(int fd, const void *buffer, size_t length)
{
    const char *bytes = buffer;
    while (length > 0) {
        ssize_t put = write(fd, bytes, length);
        if (put < 0) {
            if (!stream_again(fd, POLLOUT))
                return -1;
            continue;
        }
        bytes += put;
        length -= (size_t)put;
    }
    return 0;
}

void stream_grow_pipe(int fd)
{
    int size = fcntl(fd, F_GETPIPE_SZ);
    if (size < 0)
        return; /* not a pipe */
    /* If a quota or a lower system limit refuses the full size, a smaller one may be granted. */
    for (int wanted = PIPE_LARGE; wanted > PIPE_DEFAULT && wanted > size; wanted /= 2) {
        if (fcntl(fd, F_SETPIPE_SZ, wanted) >= 0)
            return;
    }
}

int stream_reserve_standard(void)
{
    static const struct {
        const char *path;
        int mode;
    } useless[] = {
        {"/", O_PATH}, /* a directory: "/dev/stdin" must not be an empty file either */
        {"/dev/null", O_RDONLY},
        {"/dev/null", O_RDONLY},
    };
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            continue;
        /* All lower numbers are open, so this one is used. It stays open across exec, as the
         * standard descriptors do. */
        if (open(useless[fd].path, useless[fd].mode) < 0) // NOLINT(android-cloexec-open)
            return -1;
    }
    return 0;
}

void stream_close(int fd)
{
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
}

int stream_close_stdout(void)
{
    /* On EINTR Linux has closed the descriptor; that is no error. */
    return close(STDOUT_FILENO) < 0 && errno != EINTR ? -1 : 0;
}
