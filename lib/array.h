/*
 * Growing arrays. Pure: no descriptors, no printing.
 */
#ifndef ZLSNAP_ARRAY_H
#define ZLSNAP_ARRAY_H

#include <stddef.h>

/* Makes room for at least `count` elements of `size` bytes. `array` is the address of the caller's
 * pointer to the elements; that pointer and `*capacity`, in elements, are updated when the array
 * grows. An array that is NULL with capacity 0 is empty. New elements are zeroed. Capacity doubles,
 * so that adding elements one by one takes linear time. Returns 0; -1 with errno ENOMEM, nothing
 * changed. */
int array_reserve(void *array, size_t *capacity, size_t count, size_t size);

#endif
