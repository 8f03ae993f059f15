/* The thread that syncs: when it does, and that it reports errors, which the kernel reports once.
 */
#include "tree/flusher.h"

#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static atomic_uint syncs, failing; /* number of calls; the call that fails, from 1 */

/* Replaces that of libc. */
int syncfs(int fd)
{
    unsigned number = atomic_fetch_add(&syncs, 1) + 1;
    struct stat status;
    if (fstat(fd, &status) != 0)
        return -1;
    if (number != failing)
        return 0;
    errno = EIO;
    return -1;
}

/* Runs the thread until it has synced `count` times, or for some seconds. Returns 0, or the errno
 * of flusher_stop(). */
static int flush(bool wanted, unsigned count)
{
    struct flusher flusher = {0};
    int directory = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    syncs = 0;
    flusher_start(&flusher, directory, wanted);
    close(directory); /* the flusher has a duplicate */
    for (unsigned i = 0; i < 100 && syncs < count; i++)
        (void)nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    int error = flusher_stop(&flusher) == 0 ? 0 : errno;
    CHECK(flusher_stop(&flusher) == 0, "a flusher can be stopped twice");
    return error;
}

int main(void)
{
    struct flusher none = {0};
    CHECK(flusher_stop(&none) == 0, "a flusher that never started can be stopped");
    CHECK(flush(false, 0) == 0 && syncs == 0, "nothing is synced if syncing is not wanted");
    CHECK(flush(true, 0) == 0 && syncs == 0, "nothing is synced before a quick run ends");
    CHECK(flush(true, 2) == 0 && syncs >= 2, "during a long run the data is synced repeatedly");
    failing = 2;
    CHECK(flush(true, 2) == EIO && syncs == 2, "a failed sync is reported, and the flusher ends");
    return tap_done();
}
