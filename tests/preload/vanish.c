/*
 * A preloaded library in which a file vanishes while a program looks at it:
 *
 *   FAULTS_VANISH=NAME    every entry called NAME is removed just before its link, or the list of
 * its attributes by path, is read
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/xattr.h>
#include <unistd.h>

static const char *vanishing;

__attribute__((constructor)) static void begin(void)
{
    vanishing = getenv("FAULTS_VANISH");
}

static void vanish(int parent, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (vanishing && strcmp(slash ? slash + 1 : path, vanishing) == 0)
        (void)unlinkat(parent, path, 0);
}

/* libc's own declarations have other names for the parameters.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

ssize_t readlinkat(int parent, const char *path, char *space, size_t length)
{
    vanish(parent, path);
    return syscall(SYS_readlinkat, parent, path, space, length);
}

ssize_t llistxattr(const char *path, char *space, size_t length)
{
    vanish(AT_FDCWD, path);
    return syscall(SYS_llistxattr, path, space, length);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
