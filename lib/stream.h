/*
 * Complete reads and writes on descriptors. They handle EINTR, short transfers, and EAGAIN from a
 * descriptor that another process made non-blocking. They print nothing: only the caller knows what
 * the descriptor is.
 */
#ifndef ZLSNAP_STREAM_H
#define ZLSNAP_STREAM_H

#include "buf.h"

#include <stddef.h>
#include <sys/types.h>

/* The buffer size of filters: large enough that system calls cost little, small enough to stay in
 * the cache of a core between read and write. */
#define STREAM_CHUNK ((size_t)256 * 1024)

/* Reads `length` bytes, or fewer if the input ends. Returns the number; -1 with errno set. */
ssize_t stream_read(int fd, void *buffer, size_t length);

/* Reads once. Returns the number of bytes, 0 at the end of the input; -1 with errno set. */
ssize_t stream_read_some(int fd, void *buffer, size_t length);

/* Appends the whole input and a NUL to `text`. Returns 0; -1 with errno set. */
int stream_read_all(int fd, struct buf *text);

/* Writes all bytes. Returns 0; -1 with errno set. */
int stream_write(int fd, const void *buffer, size_t length);

/* Grows the pipe `fd` to 1 MiB, the default system limit, or as far as allowed; never shrinks it.
 * This is only for speed: failure, for example if `fd` is not a pipe, is ignored. Changes errno. */
void stream_grow_pipe(int fd);

/* Opens something for each of descriptors 0, 1 and 2 that is closed, in a mode in which its use
 * fails with EBADF; if standard input is opened again by its name, reading fails with EISDIR.
 * Otherwise the next opened file would get that number, and data or messages
 * would be written to it. Must be called first in main(). Returns 0; -1 with errno set. */
int stream_reserve_standard(void);

/* Closes a descriptor where the result does not matter; -1 is none. Preserves errno. */
void stream_close(int fd);

/* Closes standard output, which reveals errors that the file system reports late (NFS, quota).
 * Returns 0; -1 with errno set. */
int stream_close_stdout(void);

#endif
