#include "kernel.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h> /* not <sys/stat.h>, whose struct statx may conflict */
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* New in Linux 5.8; the headers may be older than the kernel. */
#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT 0x2000
#endif

ssize_t kernel_read_entries(int fd, void *space, size_t room)
{
    return syscall(SYS_getdents64, fd, space, room);
}

ssize_t kernel_read_cached(int fd, void *space, size_t room, off_t offset)
{
    struct iovec part = {space, room};
    /* The offset is split into two longs; on 64 bits the first one holds all of it. */
    return syscall(SYS_preadv2, fd, &part, 1UL, (long)offset, (long)((uint64_t)offset >> 32),
                   RWF_NOWAIT);
}

int kernel_rename_new(int from, const char *name, int to, const char *new_name)
{
    return (int)syscall(SYS_renameat2, from, name, to, new_name, RENAME_NOREPLACE);
}

int kernel_exchange(int parent, const char *name, int other_parent, const char *other)
{
    return (int)syscall(SYS_renameat2, parent, name, other_parent, other, RENAME_EXCHANGE);
}

bool kernel_is_mount_point(int parent, const char *name)
{
    struct statx status = {0};
    if (syscall(SYS_statx, parent, name, AT_SYMLINK_NOFOLLOW, 0U, &status) != 0)
        return false;
    return (status.stx_attributes & status.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0;
}
