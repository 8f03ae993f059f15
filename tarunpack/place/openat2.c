#include "place/openat2.h"

#include "stream.h"
#include "tar_path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int openat2_beneath(int parent, const char *name, uint64_t flags)
{
    struct open_how how = {.flags = flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
                                      RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV};
    int fd = -1;
    do {
        fd = (int)syscall(SYS_openat2, parent, name, &how, sizeof how);
    } while (fd < 0 && (errno == EINTR || errno == EAGAIN)); /* EAGAIN: a rename raced it */
    return fd;
}

int openat2_directory(int root, const char *path, size_t length)
{
    int at = root;
    do {
        char part[PATH_MAX]; /* the longest path that the kernel accepts */
        size_t used = length < sizeof part ? length : sizeof part - 1;
        while (used < length && path[used] != '/')
            used--;
        memcpy(part, path, used);
        part[used] = '\0';
        int next = openat2_beneath(at, used ? part : ".", O_PATH);
        if (at != root)
            stream_close(at);
        if (next < 0)
            return -1;
        at = next;
        used += used < length;
        path += used;
        length -= used;
    } while (length > 0);
    return at;
}

int openat2_parent(int root, const char *path, const char **name)
{
    *name = tar_path_name(path);
    return openat2_directory(root, path, *name == path ? 0 : (size_t)(*name - path) - 1);
}

bool openat2_is_missing(int error)
{
    return error == ENOENT || error == ENOTDIR || error == ELOOP;
}

const char *openat2_problem(void)
{
    int fd = openat2_beneath(AT_FDCWD, ".", O_PATH);
    stream_close(fd);
    if (fd < 0 && errno == ENOSYS)
        return "the kernel has no openat2(2): Linux 5.6 or later is needed";
    /* Only a filter can cause this. */
    if (fd < 0 && errno == EPERM)
        return "openat2(2) is not permitted; the container's seccomp profile must allow it";
    return NULL;
}
