/*
 * System calls for which some C libraries have no function, or one with another name: musl has some
 * of these since 1.2.5, others not yet. errno is set as usual.
 */
#ifndef ZLSNAP_KERNEL_H
#define ZLSNAP_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Reads entries of the open directory `fd` into `space`, which must be aligned for struct dirent;
 * each entry is d_reclen bytes long. Returns the number of bytes, 0 at the end; -1 with errno set.
 */
ssize_t kernel_read_entries(int fd, void *space, size_t room);

/* pread(2) from the page cache only. Returns -1 with EAGAIN if the data is not cached, with another
 * error if the file system or the kernel does not support this. */
ssize_t kernel_read_cached(int fd, void *space, size_t room, off_t offset);

/* renameat(2) that does not replace. Returns 0; -1 with errno set: EEXIST, or EINVAL if the file
 * system does not support it. */
int kernel_rename_new(int from, const char *name, int to, const char *new_name);

/* Exchanges two names atomically. Returns 0; -1 with errno set: EINVAL if the file system does not
 * support it. */
int kernel_exchange(int parent, const char *name, int other_parent, const char *other);

/* Whether something is mounted on the name. Before Linux 5.8 always false. */
bool kernel_is_mount_point(int parent, const char *name);

#endif
