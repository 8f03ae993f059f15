/*
 * A table from hashes to numbers.
 */
#include "cache/table.h"

#include "tap.h"

enum { MANY = 5000 };

/* Hashes that have the same place in a small table. */
static uint64_t hash_of(uint64_t number)
{
    return number << 12;
}

int main(void)
{
    struct table table = {0};
    uint64_t number = 0;
    CHECK(!table_find(&table, 0, &number) && !table_find(&table, 7, &number),
          "a new table is empty");
    bool right = true;
    for (uint64_t i = 0; i < MANY && right; i++)
        right = table_add(&table, hash_of(i), i) == 0;
    CHECK(right && table.count == MANY, "thousands of hashes are added");
    for (uint64_t i = 0; i < MANY && right; i++)
        right = table_find(&table, hash_of(i), &number) && number == i;
    CHECK(right, "each of them is found, 0 too");
    CHECK(!table_find(&table, hash_of(MANY), &number) && !table_find(&table, 2, &number),
          "others are not");
    CHECK(table_add(&table, hash_of(3), 77) == 0 && table_find(&table, hash_of(3), &number) &&
              number == 77 && table.count == MANY,
          "a hash that is added again has the last number");
    table_free(&table);
    CHECK(!table_find(&table, hash_of(3), &number), "a table that was freed is empty");
    table_free(&table);
    return tap_done();
}
