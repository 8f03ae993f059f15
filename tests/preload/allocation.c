/*
 * A preloaded library in which one allocation of a program fails:
 *
 *   FAULTS_ALLOCATION=N   the Nth allocation of the process and its children; 0: none
 *   FAULTS_COUNT=FILE     counts the allocations: a 32-bit number
 *   FAULTS_OF=libcrypto   counts those that libcrypto makes; otherwise all others. There are nearly
 *                         5,000 when it starts, and a hundred others.
 *
 * Run the programs with -j 1: with threads the order of allocations differs from run to run.
 */
#include "count.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
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

/* The addresses of libcrypto; none if it is not loaded. */
static uintptr_t crypto_begin, crypto_end;
static bool of_crypto;

static int crypto_find(struct dl_phdr_info *library, size_t size, void *context)
{
    (void)size;
    (void)context;
    if (!strstr(library->dlpi_name, "/libcrypto."))
        return 0;
    crypto_begin = library->dlpi_addr;
    for (size_t i = 0; i < library->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &library->dlpi_phdr[i];
        if (part->p_type == PT_LOAD)
            crypto_end = crypto_begin + part->p_vaddr + part->p_memsz;
    }
    return 1;
}

__attribute__((constructor)) static void begin(void)
{
    *(void **)&real_calloc = dlsym(RTLD_NEXT, "calloc");
    *(void **)&real_realloc = dlsym(RTLD_NEXT, "realloc");
    *(void **)&real_free = dlsym(RTLD_NEXT, "free");
    *(void **)&real_malloc = dlsym(RTLD_NEXT, "malloc");
    failing = count_wanted("FAULTS_ALLOCATION");
    const char *whose = getenv("FAULTS_OF");
    of_crypto = whose && strcmp(whose, "libcrypto") == 0;
    (void)dl_iterate_phdr(crypto_find, NULL);
    counted = count_map();
}

/* Whether an allocation fails whose caller is at the address `caller`. */
static bool fails(const void *caller)
{
    const bool by_crypto = (uintptr_t)caller >= crypto_begin && (uintptr_t)caller < crypto_end;
    if (!counted || by_crypto != of_crypto || atomic_fetch_add(counted, 1) + 1 != failing)
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
    return fails(__builtin_return_address(0)) ? NULL : real_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    if (!real_malloc)
        return early_take(count * size);
    return fails(__builtin_return_address(0)) ? NULL : real_calloc(count, size);
}

static void *reallocate(void *memory, size_t size, const void *caller)
{
    if (!real_malloc)
        abort();
    if (fails(caller))
        return NULL;
    if (!is_early(memory))
        return real_realloc(memory, size);
    void *moved = real_malloc(size);
    if (moved)
        memcpy(moved, memory, size);
    return moved;
}

void *realloc(void *memory, size_t size)
{
    return reallocate(memory, size, __builtin_return_address(0));
}

void *reallocarray(void *memory, size_t count, size_t size)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return reallocate(memory, bytes, __builtin_return_address(0));
}

void free(void *memory)
{
    if (!is_early(memory))
        real_free(memory);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
