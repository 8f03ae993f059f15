/*
 * A library that is preloaded into the programs and makes them see what hardly ever happens:
 *
 *   FAULTS_ALLOCATION=N   the Nth allocation of the process and its children fails; 0: none does
 *   FAULTS_COUNT=FILE     where they are counted: a 32-bit number
 *   FAULTS_SHORT=1        reads and writes of files and pipes stop short, differently each time
 *
 * The programs are to run with -j 1, or the counts are different each time.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *(*real_malloc)(size_t size);
static void *(*real_calloc)(size_t count, size_t size);
static void *(*real_realloc)(void *memory, size_t size);
static void (*real_free)(void *memory);

/* What dlsym() allocates while it looks for the real functions; never given back. */
static _Alignas(16) char early[8192];
static size_t early_used;

static atomic_uint *allocations; /* shared with the children */
static unsigned failing;
static bool stop_short;

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
    const char *number = getenv("FAULTS_ALLOCATION");
    failing = number ? (unsigned)strtoul(number, NULL, 10) : 0;
    allocations = (atomic_uint *)count_map(getenv("FAULTS_COUNT"));
    stop_short = getenv("FAULTS_SHORT") != NULL;
}

static bool fails(void)
{
    if (!allocations || atomic_fetch_add(allocations, 1) + 1 != failing)
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

ssize_t read(int fd, void *space, size_t length)
{
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
    return syscall(SYS_pwrite64, fd, bytes, shortened(length), offset);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
