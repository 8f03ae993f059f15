#include "copy.h"

#include "diag.h"
#include "stream.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

static unsigned char buffer[STREAM_CHUNK];

/* Blocks or unblocks SIGPIPE. */
static void hold_pipe_signal(int how)
{
    sigset_t signals;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGPIPE);
    (void)sigprocmask(how, &signals, NULL); /* fails only for an invalid `how` */
}

static enum status write_out(size_t length, struct progress *progress)
{
    if (stream_write(STDOUT_FILENO, buffer, length) == 0)
        return STATUS_OK;
    int error = errno;
    progress_end(progress);
    hold_pipe_signal(SIG_UNBLOCK); /* after EPIPE dies here, unless the signal is ignored */
    errno = error;
    return diag_stdout();
}

/* Copies until the end of the input. */
static enum status copy_all(struct sink *sink, struct progress *progress)
{
    for (;;) {
        ssize_t got = stream_read_some(STDIN_FILENO, buffer, sizeof buffer);
        if (got < 0)
            return diag_errno("cannot read standard input");
        if (got == 0)
            return STATUS_OK;
        /* Written first, so that the reader can work while we hash. */
        enum status status = write_out((size_t)got, progress);
        if (status == STATUS_OK)
            status = sink_add(sink, buffer, (size_t)got);
        if (status != STATUS_OK)
            return status;
        progress_update(progress, sink->result.size);
    }
}

enum status copy_stream(struct sink *sink, struct progress *progress)
{
    stream_grow_pipe(STDIN_FILENO);
    stream_grow_pipe(STDOUT_FILENO);
    /* If the reader goes away, the progress line is erased before the signal kills us. */
    hold_pipe_signal(SIG_BLOCK);
    enum status status = copy_all(sink, progress);
    if (status == STATUS_OK && stream_close_stdout() != 0)
        status = diag_stdout();
    progress_end(progress);
    hold_pipe_signal(SIG_UNBLOCK);
    return status;
}
