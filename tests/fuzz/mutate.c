/*
 * A mutator of archives for libFuzzer. Besides libFuzzer's own mutations, it changes, copies and
 * removes blocks, and then corrects the checksums.
 */
#include "fuzz.h"

#include "tar_header.h"

#include <string.h>

/* libFuzzer's own mutator. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* Corrects the checksums of all headers at their expected places. */
static void checksums_mend(uint8_t *data, size_t size)
{
    size_t at = 0;
    while (size - at >= TAR_BLOCK_SIZE) {
        struct tar_header header;
        if (!tar_block_is_zero(data + at))
            fuzz_checksum(data + at);
        bool known = tar_header_decode(data + at, &header) == TAR_OK;
        at += TAR_BLOCK_SIZE;
        if (known && header.size < size - at)
            at += (size_t)header.size + tar_padding(header.size);
        if (at > size)
            return;
    }
}

/* Copies a block over another, removes one, or duplicates one. */
static size_t blocks_move(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    size_t count = size / TAR_BLOCK_SIZE;
    size_t from = seed / 4 % count * TAR_BLOCK_SIZE, to = seed / 64 % count * TAR_BLOCK_SIZE;
    if (seed % 4 == 0) {
        memmove(data + to, data + from, TAR_BLOCK_SIZE);
    } else if (seed % 4 == 1 && count > 1) {
        memmove(data + from, data + from + TAR_BLOCK_SIZE, size - from - TAR_BLOCK_SIZE);
        size -= TAR_BLOCK_SIZE;
    } else if (size + TAR_BLOCK_SIZE <= max_size) {
        unsigned char block[TAR_BLOCK_SIZE];
        memcpy(block, data + from, sizeof block);
        memmove(data + to + TAR_BLOCK_SIZE, data + to, size - to);
        memcpy(data + to, block, sizeof block);
        size += TAR_BLOCK_SIZE;
    }
    return size;
}

/* Changes bytes of one block. */
static void block_change(uint8_t *data, size_t size, unsigned seed)
{
    uint8_t *block = data + seed % (size / TAR_BLOCK_SIZE) * TAR_BLOCK_SIZE;
    size_t length = LLVMFuzzerMutate(block, TAR_BLOCK_SIZE, TAR_BLOCK_SIZE);
    memset(block + length, 0, TAR_BLOCK_SIZE - length);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    if (size < TAR_BLOCK_SIZE || seed % 8 == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    if (seed % 8 == 1)
        size = blocks_move(data, size, max_size, seed / 8);
    else
        block_change(data, size, seed / 8);
    if (seed % 16 != 2)
        checksums_mend(data, size);
    return size;
}
