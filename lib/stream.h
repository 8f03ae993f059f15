/*
 * Whole reads and writes on descriptors. EINTR, short transfers and the EAGAIN of a descriptor that
 * somebody else made non-blocking end here. Nothing is printed: the caller knows what the
 * descriptor is.
 */
#ifndef ZLSNAP_STREAM_H
#define ZLSNAP_STREAM_H

#include <stddef.h>
#include <sys/types.h>

/* How much a filter moves at a time: large enough that system calls do not count, small enough to
 * stay in the cache of a core between its read and its write. */
#define STREAM_CHUNK ((size_t)256 * 1024)

/* Reads until `length` bytes are there or the input ends. Returns how many; -1 with errno set if
 * reading failed. */
ssize_t stream_read(int fd, void *buffer, size_t length);

/* Reads once. Returns how many bytes came, 0 at the end of the input; -1 with errno set. */
ssize_t stream_read_some(int fd, void *buffer, size_t length);

/* Writes all of it. Returns 0; -1 with errno set. */
int stream_write(int fd, const void *buffer, size_t length);

/* Makes the pipe behind `fd` 1 MiB large, the system's default limit, or as large as it may get
 * below that; it is never made smaller. Does nothing where `fd` is no pipe or the user's quota of
 * pipe memory is spent: it is a matter of speed only. errno is not kept. */
void stream_grow_pipe(int fd);

/* Opens /dev/null in the place of each of descriptors 0, 1 and 2 that is closed, in the mode in
 * which its use fails with EBADF: else the next file opened would get that number, and data or
 * messages would end up in it. To be called first in main(). Returns 0; -1 with errno set. */
int stream_reserve_standard(void);

/* Closes standard output and so learns of errors that the file system reports late (NFS, quota).
 * Returns 0; -1 with errno set. */
int stream_close_stdout(void);

#endif
