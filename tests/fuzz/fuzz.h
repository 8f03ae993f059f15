/*
 * Shared code of the fuzz targets. A target is LLVMFuzzerTestOneInput() in a file of its own.
 * libFuzzer calls it with generated inputs (`make fuzz`), replay.c with files (`make check`). A
 * target may refuse an input, but its properties must hold for every input that it accepts.
 */
#ifndef ZLSNAP_FUZZ_H
#define ZLSNAP_FUZZ_H

#include "tar_sparse.h"

#include <stddef.h>
#include <stdint.h>

/* Runs the target with one input. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Aborts with a message that names the place, unless the condition is true. */
#define EXPECT(condition) ((condition) ? (void)0 : fuzz_fail(#condition, __FILE__, __LINE__))

/* Prints the failed condition, and aborts. */
_Noreturn void fuzz_fail(const char *condition, const char *file, int line);

/* Corrects the checksum of a header block of 512 bytes. */
void fuzz_checksum(unsigned char *block);

/* Checks that the extents ascend without overflow, and add up to `stored`. */
void fuzz_map_check(const struct tar_sparse *map);

#endif
