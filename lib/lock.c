#include "lock.h"

#include <errno.h>
#include <sys/file.h>

enum lock_result lock_take(int fd, int operation)
{
    if (flock(fd, operation | LOCK_NB) == 0)
        return LOCK_TAKEN;
    if (errno == EWOULDBLOCK)
        return LOCK_HELD;
    /* EBADF: a network file system that needs a writable descriptor, which a directory cannot
     * have. */
    if (errno == ENOLCK || errno == ENOSYS || errno == EOPNOTSUPP || errno == EINVAL ||
        errno == EBADF)
        return LOCK_UNSUPPORTED;
    return LOCK_FAILED;
}
