/*
 * Numbers in headers: octal and base-256 in fields, decimal in extended headers. Pure.
 */
#ifndef ZLSNAP_TAR_NUMBER_H
#define ZLSNAP_TAR_NUMBER_H

#include "tar_error.h"

#include <stddef.h>
#include <stdint.h>

/* Decodes a numeric field of `length` bytes: optional spaces and octal digits, then only spaces and
 * NULs; or GNU's base-256, a big-endian two's complement number behind a byte 0x80 or (negative)
 * 0xff. A field of only NULs is 0. Readers disagree about all other fields; they are refused. */
enum tar_error tar_number_decode(const char *field, size_t length, int64_t *number);

/* Writes `number` in octal, padded with zeros and ended by a NUL. A number that does not fit is
 * replaced by the largest that does (a pax record then holds the true one). */
void tar_number_encode(char *field, size_t length, uint64_t number);

/* The largest number that fits a field of `length` bytes (at most 12) in octal. */
uint64_t tar_number_max(size_t length);

/* Decodes a decimal number without sign or spaces. */
enum tar_error tar_decimal_decode(const char *text, size_t length, uint64_t *number);

/* Appends a decimal digit to `number`. */
enum tar_error tar_decimal_add(uint64_t *number, char digit);

#endif
