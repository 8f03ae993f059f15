/*
 * UTF-8 (RFC 3629). Pure.
 */
#ifndef ZLSNAP_UTF8_H
#define ZLSNAP_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The length, 1 to 4, of the UTF-8 sequence at the start of the string; 0 if there is no valid one,
 * or at the end of the string. Overlong forms and surrogates are not valid. */
size_t utf8_sequence(const char *text);

/* Whether the whole string is UTF-8. */
bool utf8_valid(const char *text);

#endif
