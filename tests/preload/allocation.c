/*
 * A preloaded library in which one allocation of a program fails:
 *
 *   FAULTS_ALLOCATION=N   the Nth allocation of the process and its children; 0: none
 *   FAULTS_COUNT=FILE     counts the allocations: a 32-bit number
 *
 * Run the programs with -j 1: with threads the order of allocations differs from run to run.
 */
#include "count.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static void *(*real_malloc)(size_t size);
static void *(*real_calloc)(size_t count, size_t size);
static void *(*real_realloc)(void *memory, size_t size);
static void (*real_free)(void *memory);

/* For the allocations of dlsym() itself, before the real functions are known; never freed. */
static _Alignas(16) char early[8192];
static size_t early_used;

static atomic_uint *counted;
static unsigned failing;

__attribute__((constructor)) static void begin(void)
{
    *(void **)&real_calloc = dlsym(RTLD_NEXT, "calloc");
    *(void **)&real_realloc = dlsym(RTLD_NEXT, "realloc");
    *(void **)&real_free = dlsym(RTLD_NEXT, "free");
    *(void **)&real_malloc = dlsym(RTLD_NEXT, "malloc");
    failing = count_wanted("FAULTS_ALLOCATION");
    counted = count_map();
}

static bool fails(void)
{
    if (!counted || atomic_fetch_add(counted, 1) + 1 != failing)
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

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
