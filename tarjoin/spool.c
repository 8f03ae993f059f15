#include "spool.h"

#include "diag.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opens a file without a name in the directory. Returns the descriptor; -1 with errno set. */
static int unnamed_open(const char *directory)
{
    char name[4096];
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR))
        return fd;
    if (snprintf(name, sizeof name, "%s/zlsnap-XXXXXX", directory) >= (int)sizeof name) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0 && unlink(name) != 0) {
        stream_close(fd);
        return -1;
    }
    return fd;
}

/* Copies the rest of `from` to `to`, which is then at its start. */
static enum status copy(int from, const char *name, int to, const char *directory)
{
    static char buffer[STREAM_CHUNK];
    for (;;) {
        ssize_t count = stream_read_some(from, buffer, sizeof buffer);
        if (count < 0)
            return diag_failed(name, "read");
        if (count == 0)
            return lseek(to, 0, SEEK_SET) == 0 ? STATUS_OK
                                               : diag_failed(directory, "read a file in");
        if (stream_write(to, buffer, (size_t)count) != 0)
            return diag_failed(directory, "write a temporary file");
    }
}

enum status spool_file(int fd, const char *name)
{
    struct stat file;
    const char *directory = getenv("TMPDIR");
    if (fstat(fd, &file) != 0)
        return diag_failed(name, "read its status");
    if (S_ISREG(file.st_mode))
        return STATUS_OK;
    if (!directory || !*directory)
        directory = "/tmp";
    int made = unnamed_open(directory);
    if (made < 0)
        return diag_failed(directory, "create a temporary file");
    enum status status = copy(fd, name, made, directory);
    if (status == STATUS_OK && dup3(made, fd, O_CLOEXEC) < 0)
        status = diag_failed(name, "read");
    close(made);
    return status;
}
