/*
 * A preloaded library that corrupts a frame as it is compressed:
 *
 *   FAULTS_ZSTD=N         the Nth frame of the process; 0: none
 *   FAULTS_ZSTD_CONTENT   if set, the frame stays valid, but has another content
 */
#include "count.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

static atomic_uint frames;

typedef size_t compress_function(void *context, void *out, size_t room, const void *in,
                                 size_t length);

/* libzstd's own. */
size_t ZSTD_compress2(void *context, void *out, size_t room, const void *in, size_t length);

size_t ZSTD_compress2(void *context, void *out, size_t room, const void *in, size_t length)
{
    compress_function *compress = NULL;
    void *symbol = dlsym(RTLD_NEXT, "ZSTD_compress2");
    memcpy(&compress, &symbol, sizeof compress);
    if (atomic_fetch_add(&frames, 1) + 1 != count_wanted("FAULTS_ZSTD"))
        return compress(context, out, room, in, length);
    char *copy = malloc(length + 1);
    if (!copy)
        abort();
    memcpy(copy, in, length);
    const int content = getenv("FAULTS_ZSTD_CONTENT") != NULL;
    copy[length / 2] ^= (char)content;
    size_t got = compress(context, out, room, copy, length);
    free(copy);
    ((char *)out)[got - 6] ^= (char)!content;
    return got;
}
