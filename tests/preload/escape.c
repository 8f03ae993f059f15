/*
 * A preloaded library in which a program tries to break out of its sandbox, as an archive might
 * make it do:
 *
 *   FAULTS_ESCAPE=DIR     DIR is outside, and has a file "file" and a directory "directory"
 *
 * Each read of standard input and each write of a file first tries to read, make, change and remove
 * entries of DIR; the process aborts if one attempt succeeds.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static int escape = -1; /* the directory */

__attribute__((constructor)) static void begin(void)
{
    const char *outside = getenv("FAULTS_ESCAPE");
    if (outside)
        escape = open(outside, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void escape_try(void)
{
    char path[64];
    int error = errno;
    if (escape < 0)
        return;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d/file", escape);
    if (openat(escape, "file", O_RDONLY) >= 0 || openat(escape, "file", O_WRONLY) >= 0 ||
        openat(escape, "directory", O_RDONLY | O_DIRECTORY) >= 0 || truncate(path, 0) == 0 ||
        openat(escape, "new", O_WRONLY | O_CREAT, 0600) >= 0 || mkdirat(escape, "new", 0700) == 0 ||
        symlinkat("file", escape, "new") == 0 || mknodat(escape, "new", S_IFIFO | 0600, 0) == 0 ||
        linkat(escape, "file", escape, "directory/new", 0) == 0 ||
        renameat(escape, "file", escape, "directory/new") == 0 ||
        unlinkat(escape, "file", 0) == 0 || unlinkat(escape, "directory", AT_REMOVEDIR) == 0)
        abort();
    errno = error;
}

/* libc's own declarations have other names for the parameters.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

ssize_t read(int fd, void *space, size_t length)
{
    if (fd == STDIN_FILENO)
        escape_try();
    return syscall(SYS_read, fd, space, length);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset)
{
    escape_try();
    return syscall(SYS_pwrite64, fd, bytes, length, offset);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
