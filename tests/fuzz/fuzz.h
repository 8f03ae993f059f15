/*
 * What the fuzz targets share. A target is LLVMFuzzerTestOneInput() in a file of its own: libFuzzer
 * calls it with inputs that it makes up (`make fuzz`), replay.c with those in files (`make check`).
 * An input may be refused, but no property that is expected of what is accepted may fail.
 */
#ifndef ZLSNAP_FUZZ_H
#define ZLSNAP_FUZZ_H

#include "tar_sparse.h"

#include <stddef.h>
#include <stdint.h>

/* Tries one input. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Aborts, with the place, unless the condition holds. */
#define EXPECT(condition) ((condition) ? (void)0 : fuzz_fail(#condition, __FILE__, __LINE__))

/* Says that this did not hold, and aborts. */
_Noreturn void fuzz_fail(const char *condition, const char *file, int line);

/* Makes the checksum of a header block, of 512 bytes, right. */
void fuzz_checksum(unsigned char *block);

/* Expects of a map what its header promises. */
void fuzz_map_check(const struct tar_sparse *map);

#endif
