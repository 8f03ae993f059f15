#include "array.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int array_reserve(void *array, size_t *capacity, size_t count, size_t size)
{
    if (count <= *capacity)
        return 0;
    size_t wider = *capacity ? *capacity : 16;
    while (wider < count && wider <= SIZE_MAX / 2)
        wider *= 2;
    if (wider < count) {
        errno = ENOMEM;
        return -1;
    }
    /* memcpy(), since the caller's pointer has a type of its own (strict aliasing). */
    void *old = NULL;
    memcpy(&old, array, sizeof old);
    void *elements = reallocarray(old, wider, size);
    if (!elements)
        return -1;
    memset((char *)elements + *capacity * size, 0, (wider - *capacity) * size);
    memcpy(array, &elements, sizeof elements);
    *capacity = wider;
    return 0;
}
