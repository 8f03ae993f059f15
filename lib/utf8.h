/*
 * UTF-8 (RFC 3629). Pure.
 */
#ifndef ZLSNAP_UTF8_H
#define ZLSNAP_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The length, 1 to 4, of the valid UTF-8 sequence that the string starts with; 0 where it starts
 * with none, which includes its end. Overlong forms and surrogates are not valid. */
size_t utf8_sequence(const char *text);

/* Whether all of the string is UTF-8. */
bool utf8_valid(const char *text);

#endif
