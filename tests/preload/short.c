/*
 * A preloaded library in which reads and writes of files and pipes transfer fewer bytes than asked
 * for, differently each time.
 */
#include <stdatomic.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* The bytes to transfer: all of a small request, as the kernel does for pipes up to PIPE_BUF. */
static size_t shortened(size_t length)
{
    static atomic_uint turn;
    if (length <= 4096)
        return length;
    return 1 + length * (atomic_fetch_add(&turn, 1) % 7) / 7;
}

/* libc's own declarations have other names for the parameters.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

ssize_t read(int fd, void *space, size_t length)
{
    return syscall(SYS_read, fd, space, shortened(length));
}

ssize_t write(int fd, const void *bytes, size_t length)
{
    return syscall(SYS_write, fd, bytes, shortened(length));
}

ssize_t pread(int fd, void *space, size_t length, off_t offset)
{
    return syscall(SYS_pread64, fd, space, shortened(length), offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset)
{
    return syscall(SYS_pwrite64, fd, bytes, shortened(length), offset);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
