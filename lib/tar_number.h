/*
 * The numbers in headers: octal and base-256 in fields, decimal in extended headers. Pure.
 */
#ifndef ZLSNAP_TAR_NUMBER_H
#define ZLSNAP_TAR_NUMBER_H

#include "tar_error.h"

#include <stddef.h>
#include <stdint.h>

/* Reads a numeric field of `length` bytes: octal digits after spaces, ended by a space, a NUL or
 * the field's end; or GNU's base-256, a big-endian two's complement number whose first bit is set.
 * A field of only spaces and NULs is 0; digits behind a NUL alone are refused. */
enum tar_error tar_number_decode(const char *field, size_t length, int64_t *number);

/* Writes `number` as octal digits that fill the field up to a closing NUL; a number that does not
 * fit becomes the largest that does (a pax record then holds the true one). */
void tar_number_encode(char *field, size_t length, uint64_t number);

/* The largest number tar_number_encode() can write into a field of `length` bytes (at most 12). */
uint64_t tar_number_max(size_t length);

/* Reads a decimal number without sign or space. */
enum tar_error tar_decimal_decode(const char *text, size_t length, uint64_t *number);

/* Adds a decimal digit at the end of `number`. */
enum tar_error tar_decimal_add(uint64_t *number, char digit);

#endif
