#include "outfile.h"

#include "cli.h"
#include "diag.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether `name` means an open descriptor, and which. It is not opened by that name, since a file
 * would then be written from its beginning, and a socket cannot be opened. */
static bool is_descriptor(const char *name, int *fd)
{
    static const char *const prefixes[] = {"/dev/fd/", "/proc/self/fd/"};
    uint64_t number = strcmp(name, "/dev/stdout") == 0 ? STDOUT_FILENO : STDERR_FILENO;
    bool found = number == STDOUT_FILENO || strcmp(name, "/dev/stderr") == 0;
    for (size_t i = 0; !found && i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t length = strlen(prefixes[i]);
        found = strncmp(name, prefixes[i], length) == 0 &&
                cli_number(name + length, INT_MAX, &number) == 0;
    }
    *fd = (int)number;
    return found;
}

/* Stores whether both are the same file or pipe; character devices do not count. Returns 0; -1 with
 * errno set. */
static int compare(const struct stat *status, int fd, bool *same)
{
    struct stat other;
    if (fstat(fd, &other) != 0)
        return -1;
    *same = !S_ISCHR(status->st_mode) && status->st_dev == other.st_dev &&
            status->st_ino == other.st_ino;
    return 0;
}

enum status outfile_open(struct outfile *file, const char *name, const char *option,
                         bool stdout_has_data)
{
    *file = (struct outfile){.name = name};
    int from = -1;
    bool duplicate = is_descriptor(name, &from);
    file->fd = duplicate ? fcntl(from, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
                         : open(name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
    file->open = file->fd >= 0;
    struct stat status;
    bool is_input = false, is_output = false;
    if (!file->open || fstat(file->fd, &status) != 0 ||
        compare(&status, STDIN_FILENO, &is_input) != 0 ||
        (stdout_has_data && compare(&status, STDOUT_FILENO, &is_output) != 0))
        return diag_failed(name, "open");
    if (is_input || is_output)
        return cli_usage("%s: '%s' is also standard input or output", option, diag_name(name).text);
    /* Not with O_TRUNC, which would have emptied the input. */
    if (!duplicate && S_ISREG(status.st_mode) && ftruncate(file->fd, 0) != 0)
        return diag_failed(name, "empty");
    return STATUS_OK;
}

enum status outfile_finish(struct outfile *file, const char *text, size_t length)
{
    if (stream_write(file->fd, text, length) != 0)
        return diag_failed(file->name, "write");
    file->open = false;
    return close(file->fd) == 0 || errno == EINTR ? STATUS_OK : diag_failed(file->name, "write");
}

void outfile_close(struct outfile *file)
{
    if (file->open)
        (void)close(file->fd);
    file->open = false;
}
