/*
 * Growing arrays: capacity, contents, and sizes that cannot be allocated.
 */
#include "array.h"
#include "tap.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

static void test_growth(void)
{
    uint32_t *numbers = NULL;
    size_t capacity = 0;
    CHECK(array_reserve(&numbers, &capacity, 0, sizeof *numbers) == 0 && !numbers,
          "no room is needed for no elements");
    bool kept = true, zeroed = true;
    for (size_t i = 0; i < 1000; i++) {
        if (array_reserve(&numbers, &capacity, i + 1, sizeof *numbers) != 0)
            break;
        zeroed = zeroed && numbers[i] == 0 && numbers[capacity - 1] == 0;
        numbers[i] = (uint32_t)i + 1;
        kept = kept && numbers[0] == 1 && numbers[i / 2] == i / 2 + 1;
    }
    CHECK(capacity == 1024, "capacity doubles");
    CHECK(kept, "elements are kept when the array grows");
    CHECK(zeroed, "new elements are zeroed");
    const uint32_t *before = numbers;
    CHECK(array_reserve(&numbers, &capacity, 1024, sizeof *numbers) == 0 && numbers == before &&
              capacity == 1024,
          "nothing changes while there is room");
    CHECK(array_reserve(&numbers, &capacity, 100000, sizeof *numbers) == 0 && capacity >= 100000 &&
              numbers[99999] == 0 && numbers[999] == 1000,
          "room for many elements is made at once");
    free(numbers);
}

static void test_too_large(void)
{
    uint64_t *numbers = NULL;
    size_t capacity = 0;
    (void)array_reserve(&numbers, &capacity, 3, sizeof *numbers);
    const uint64_t *before = numbers;
    const size_t had = capacity;
    errno = 0;
    CHECK(array_reserve(&numbers, &capacity, SIZE_MAX / 8 + 2, sizeof *numbers) == -1 &&
              errno == ENOMEM,
          "a size in bytes that overflows is refused");
    errno = 0;
    CHECK(array_reserve(&numbers, &capacity, SIZE_MAX, sizeof *numbers) == -1 && errno == ENOMEM,
          "a number of elements that cannot be doubled is refused");
    CHECK(numbers == before && capacity == had, "an array that cannot grow stays as it was");
    free(numbers);
}

int main(void)
{
    test_growth();
    test_too_large();
    return tap_done();
}
