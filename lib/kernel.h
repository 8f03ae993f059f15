/*
 * System calls that not every C library has functions for, or not under one name: musl knows some
 * of these since 1.2.5, some not yet. errno is set as by any other call.
 */
#ifndef ZLSNAP_KERNEL_H
#define ZLSNAP_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Fills `space`, which is aligned for it, with records of the open directory `fd`: struct dirent,
 * each d_reclen bytes long. Returns how many bytes they take, 0 at the end; -1 with errno set. */
ssize_t kernel_read_entries(int fd, void *space, size_t room);

/* pread(2) of what is in the page cache. Returns -1 with EAGAIN where nothing of it is, and with
 * another error where the file system or the kernel can't tell. */
ssize_t kernel_read_cached(int fd, void *space, size_t room, off_t offset);

/* renameat(2) to a name that nobody has yet. Returns 0; -1 with errno set: EEXIST, or EINVAL where
 * the file system can't do it. */
int kernel_rename_new(int from, const char *name, int to, const char *new_name);

/* Lets two names change places at once. Returns 0; -1 with errno set: EINVAL where the file system
 * can't do it. */
int kernel_exchange(int parent, const char *name, int other_parent, const char *other);

/* Whether something is mounted on the name, as far as the kernel tells: it does since Linux 5.8. */
bool kernel_is_mount_point(int parent, const char *name);

#endif
