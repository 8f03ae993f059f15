/*
 * Decimal numbers in untrusted text, in the one spelling that the project writes. Pure.
 */
#ifndef ZLSNAP_DECIMAL_H
#define ZLSNAP_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

/* Takes the digits at `*text`, before `end`, and stores where they end. Returns false if there are
 * none, if the first of several is 0, or if the number exceeds `max`; `*text` and `*number` are
 * then undefined. */
bool decimal_take(const char **text, const char *end, uint64_t max, uint64_t *number);

#endif
