/*
 * A library that is preloaded into the programs and makes them see what hardly ever happens:
 *
 *   FAULTS_ALLOCATION=N   the Nth allocation of the process and its children fails; 0: none does
 *   FAULTS_STEP=N         the process that is about to change the file system for the Nth time is
 *                         killed, and the one that started it too; 0: none is
 *   FAULTS_COUNT=FILE     where allocations, or steps, are counted: a 32-bit number
 *   FAULTS_SHORT=1        reads and writes of files and pipes stop short, differently each time
 *   FAULTS_VANISH=NAME    what is called NAME is removed just before its link is read, or the list
 *                         of its attributes by its name
 *   FAULTS_ESCAPE=DIR     whoever reads standard input or writes a file tries to get at DIR, which
 *                         is outside of its sandbox: the process aborts if anything works
 *
 * The programs are to run with -j 1, or the counts are different each time.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/xattr.h>
#include <unistd.h>

static void *(*real_malloc)(size_t size);
static void *(*real_calloc)(size_t count, size_t size);
static void *(*real_realloc)(void *memory, size_t size);
static void (*real_free)(void *memory);

/* What dlsym() allocates while it looks for the real functions; never given back. */
static _Alignas(16) char early[8192];
static size_t early_used;

static atomic_uint *counted; /* shared with the children */
static unsigned failing;     /* the allocation that fails, */
static unsigned last_step;   /* or the step that is not taken */
static bool counts_steps;
static pid_t first; /* the process that loaded this library; its children inherit it */
static bool stop_short;
static const char *vanishing;
static int escape = -1; /* the directory */

static uint32_t *count_map(const char *path)
{
    int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd < 0)
        return NULL;
    void *map = ftruncate(fd, sizeof(uint32_t)) == 0
                    ? mmap(NULL, sizeof(uint32_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
                    : MAP_FAILED;
    close(fd);
    return map == MAP_FAILED ? NULL : map;
}

__attribute__((constructor)) static void begin(void)
{
    *(void **)&real_calloc = dlsym(RTLD_NEXT, "calloc");
    *(void **)&real_realloc = dlsym(RTLD_NEXT, "realloc");
    *(void **)&real_free = dlsym(RTLD_NEXT, "free");
    *(void **)&real_malloc = dlsym(RTLD_NEXT, "malloc");
    const char *number = getenv("FAULTS_ALLOCATION"), *steps = getenv("FAULTS_STEP");
    failing = number ? (unsigned)strtoul(number, NULL, 10) : 0;
    counts_steps = steps != NULL;
    last_step = steps ? (unsigned)strtoul(steps, NULL, 10) : 0;
    counted = (atomic_uint *)count_map(getenv("FAULTS_COUNT"));
    first = getpid();
    stop_short = getenv("FAULTS_SHORT") != NULL;
    vanishing = getenv("FAULTS_VANISH");
    const char *outside = getenv("FAULTS_ESCAPE");
    if (outside)
        escape = open(outside, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static bool fails(void)
{
    if (!counted || counts_steps || atomic_fetch_add(counted, 1) + 1 != failing)
        return false;
    errno = ENOMEM;
    return true;
}

static void *early_take(size_t size)
{
    char *memory = early + early_used;
    if (size > sizeof early - early_used)
        abort();
    early_used += (size + 15) & ~(size_t)15;
    return memory;
}

static bool is_early(const void *memory)
{
    return (const char *)memory >= early && (const char *)memory < early + sizeof early;
}

/* libc's own declarations have other names for the parameters.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

void *malloc(size_t size)
{
    if (!real_malloc)
        return early_take(size);
    return fails() ? NULL : real_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    if (!real_malloc)
        return early_take(count * size);
    return fails() ? NULL : real_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    if (!real_malloc)
        abort();
    if (fails())
        return NULL;
    if (!is_early(memory))
        return real_realloc(memory, size);
    void *moved = real_malloc(size);
    if (moved)
        memcpy(moved, memory, size);
    return moved;
}

void *reallocarray(void *memory, size_t count, size_t size)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(memory, bytes);
}

void free(void *memory)
{
    if (!is_early(memory))
        real_free(memory);
}

/* How much of it is done: all of what is small, as the kernel does with pipes up to PIPE_BUF. */
static size_t shortened(size_t length)
{
    static atomic_uint turn;
    if (!stop_short || length <= 4096)
        return length;
    return 1 + length * (atomic_fetch_add(&turn, 1) % 7) / 7;
}

/* In the directory are a file and a directory, called so. */
static void escape_try(void)
{
    char path[64];
    int error = errno;
    if (escape < 0)
        return;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d/file", escape);
    if (openat(escape, "file", O_RDONLY) >= 0 || openat(escape, "file", O_WRONLY) >= 0 ||
        openat(escape, "directory", O_RDONLY | O_DIRECTORY) >= 0 || truncate(path, 0) == 0 ||
        openat(escape, "new", O_WRONLY | O_CREAT, 0600) >= 0 || mkdirat(escape, "new", 0700) == 0 ||
        symlinkat("file", escape, "new") == 0 || mknodat(escape, "new", S_IFIFO | 0600, 0) == 0 ||
        linkat(escape, "file", escape, "directory/new", 0) == 0 ||
        renameat(escape, "file", escape, "directory/new") == 0 ||
        unlinkat(escape, "file", 0) == 0 || unlinkat(escape, "directory", AT_REMOVEDIR) == 0)
        abort();
    errno = error;
}

ssize_t read(int fd, void *space, size_t length)
{
    if (fd == STDIN_FILENO)
        escape_try();
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
    escape_try();
    return syscall(SYS_pwrite64, fd, bytes, shortened(length), offset);
}

/* The calls by which the programs change a file system. */

static void step(void)
{
    if (!counted || !counts_steps || atomic_fetch_add(counted, 1) + 1 != last_step)
        return;
    if (getpid() != first)
        (void)kill(first, SIGKILL);
    (void)kill(getpid(), SIGKILL);
}

int mkdirat(int parent, const char *name, mode_t mode)
{
    step();
    return (int)syscall(SYS_mkdirat, parent, name, mode);
}

int linkat(int from, const char *name, int to, const char *new_name, int flags)
{
    step();
    return (int)syscall(SYS_linkat, from, name, to, new_name, flags);
}

int renameat(int from, const char *name, int to, const char *new_name)
{
    step();
    return (int)syscall(SYS_renameat2, from, name, to, new_name, 0);
}

int unlinkat(int parent, const char *name, int flags)
{
    step();
    return (int)syscall(SYS_unlinkat, parent, name, flags);
}

int fchmod(int fd, mode_t mode)
{
    step();
    return (int)syscall(SYS_fchmod, fd, mode);
}

int fchown(int fd, uid_t owner, gid_t group)
{
    step();
    return (int)syscall(SYS_fchown, fd, owner, group);
}

int futimens(int fd, const struct timespec times[2])
{
    step();
    return (int)syscall(SYS_utimensat, fd, NULL, times, 0);
}

int fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)
{
    step();
    return (int)syscall(SYS_fsetxattr, fd, name, value, size, flags);
}

int fremovexattr(int fd, const char *name)
{
    step();
    return (int)syscall(SYS_fremovexattr, fd, name);
}

int fsync(int fd)
{
    step();
    return (int)syscall(SYS_fsync, fd);
}

int syncfs(int fd)
{
    step();
    return (int)syscall(SYS_syncfs, fd);
}

static void vanish(int parent, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (vanishing && strcmp(slash ? slash + 1 : path, vanishing) == 0)
        (void)unlinkat(parent, path, 0);
}

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
