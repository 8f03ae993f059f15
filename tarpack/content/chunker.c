#include "content/chunker.h"

#define KIB ((size_t)1024)

/* Contents of this multiple are cut at fixed places. */
#define PAGE (8 * KIB)

/* Fixed chunks: the length of those of small files, and the longest. */
#define FIXED_MIN (16 * KIB)
#define FIXED_MAX (1024 * KIB)

/* Chunks by content: shortest, wanted and longest. */
#define CUT_MIN (16 * KIB)
#define CUT_WANTED (64 * KIB)
#define CUT_MAX (256 * KIB)

/* Bits of the hash that must be zero, at the high end, where it depends on the most bytes. Below
 * the wanted length a cut is 4 times rarer than at random, above it 4 times more frequent, which
 * narrows the distribution of lengths (Xia and others, "FastCDC", USENIX ATC 2016). */
#define MASK_BEFORE (~UINT64_C(0) << (64 - 18))
#define MASK_AFTER (~UINT64_C(0) << (64 - 14))

/* SplitMix64, whose output is the same on every machine. */
static uint64_t mix_next(uint64_t *state)
{
    uint64_t mixed = (*state += UINT64_C(0x9E3779B97F4A7C15));
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94D049BB133111EB);
    return mixed ^ mixed >> 31;
}

void chunker_init(struct chunker *chunker)
{
    uint64_t state = 0;
    *chunker = (struct chunker){.max = CUT_MAX};
    for (size_t i = 0; i < 256; i++)
        chunker->gear[i] = mix_next(&state);
}

/* Doubles with each factor of 16 above 16 GiB, which bounds the number of chunks. */
static size_t fixed_length(uint64_t size)
{
    size_t length = FIXED_MIN;
    for (uint64_t limit = UINT64_C(1) << 34; size > limit && length < FIXED_MAX; length *= 2)
        limit = limit > UINT64_MAX / 16 ? UINT64_MAX : limit * 16;
    return length;
}

void chunker_begin(struct chunker *chunker, uint64_t size)
{
    chunker->fixed = size % PAGE == 0 ? fixed_length(size) : 0;
    chunker->max = chunker->fixed ? chunker->fixed : CUT_MAX;
}

/* Hashes the bytes from `at` up to `end`. Returns the first place behind one of them where the bits
 * of `mask` are zero in the hash, 0 if there is none. */
static size_t cut_find(const struct chunker *chunker, const unsigned char *bytes, uint64_t *hash,
                       size_t at, size_t end, uint64_t mask)
{
    uint64_t rolling = *hash;
    while (at < end) {
        rolling = (rolling << 1) + chunker->gear[bytes[at++]];
        if ((rolling & mask) == 0)
            return at;
    }
    *hash = rolling;
    return 0;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t chunker_cut(const struct chunker *chunker, const unsigned char *bytes, size_t length)
{
    if (chunker->fixed || length <= CUT_MIN)
        return least(length, chunker->max);
    const size_t wanted = least(length, CUT_WANTED), end = least(length, CUT_MAX);
    /* Each byte leaves the hash after 64 others: one bit a byte. */
    uint64_t hash = 0;
    for (size_t at = CUT_MIN - 64; at < CUT_MIN; at++)
        hash = (hash << 1) + chunker->gear[bytes[at]];
    size_t cut = cut_find(chunker, bytes, &hash, CUT_MIN, wanted, MASK_BEFORE);
    if (cut == 0)
        cut = cut_find(chunker, bytes, &hash, wanted, end, MASK_AFTER);
    return cut == 0 ? end : cut;
}
