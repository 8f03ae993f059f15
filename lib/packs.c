#include "packs.h"

#include "array.h"
#include "diag.h"
#include "names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A search takes as long as it takes to add this many contents to a filter. */
#define SEARCH_COST 16

static enum status fail_index(const struct packs *packs, const char *pack, const char *what)
{
    diag_error("%s/%s" PACK_INDEX_SUFFIX ": %s", diag_name(packs->path).text, pack, what);
    return STATUS_ARCHIVE;
}

static enum status fail_system(const struct packs *packs, const char *pack, const char *what)
{
    return diag_errno("%s/%s" PACK_INDEX_SUFFIX ": cannot %s", diag_name(packs->path).text, pack,
                      what);
}

/* Maps the open index and checks its header. */
static enum status index_map(const struct packs *packs, struct pack *pack, int fd)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return fail_system(packs, pack->name, "read its status");
    if (!S_ISREG(status.st_mode))
        return fail_index(packs, pack->name, "not a regular file");
    if (status.st_size == 0 || (uintmax_t)status.st_size > SIZE_MAX)
        return fail_index(packs, pack->name, pack_error_text(PACK_BAD_INDEX));
    const size_t length = (size_t)status.st_size;
    void *bytes = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED)
        return fail_system(packs, pack->name, "map it");
    pack->bytes = bytes;
    pack->length = length;
    pack->mtime = status.st_mtim;
    (void)madvise(bytes, length, MADV_RANDOM); /* only for speed */
    if (index_parse(&pack->index, bytes, length) != PACK_OK)
        return fail_index(packs, pack->name, pack_error_text(PACK_BAD_INDEX));
    if (memcmp(pack->index.pack, pack->name, PACK_DIGITS) != 0)
        return fail_index(packs, pack->name, "the index of another pack");
    return STATUS_OK;
}

static enum status pack_add(struct packs *packs, int directory, const char *name)
{
    if (array_reserve(&packs->list, &packs->capacity, packs->count + 1, sizeof *packs->list) != 0)
        return diag_no_memory();
    struct pack *pack = &packs->list[packs->count++];
    memcpy(pack->name, name, PACK_DIGITS);
    int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 && errno == ELOOP)
        return fail_index(packs, pack->name, "a symbolic link");
    if (fd < 0)
        return fail_system(packs, pack->name, "open it");
    enum status status = index_map(packs, pack, fd);
    close(fd);
    return status;
}

static int pack_compare(const void *a, const void *b)
{
    const struct pack *one = a, *other = b;
    if (one->mtime.tv_sec != other->mtime.tv_sec)
        return one->mtime.tv_sec < other->mtime.tv_sec ? 1 : -1;
    if (one->mtime.tv_nsec != other->mtime.tv_nsec)
        return one->mtime.tv_nsec < other->mtime.tv_nsec ? 1 : -1;
    return strcmp(one->name, other->name);
}

enum status packs_open(struct packs *packs, int fd, const char *path)
{
    *packs = (struct packs){.path = path};
    struct names names = {0};
    enum status status = STATUS_OK;
    if (names_read_in(&names, fd, ".") != 0)
        status = diag_failed(path, "read the directory");
    for (size_t i = 0; i < names.count && status == STATUS_OK; i++) {
        const char *name = names_text(&names, i);
        if (pack_name_is(name, PACK_INDEX_SUFFIX))
            status = pack_add(packs, fd, name);
    }
    for (size_t i = 0; i < packs->count; i++)
        packs->contents += packs->list[i].index.count;
    names_free(&names);
    if (packs->count > 0)
        qsort(packs->list, packs->count, sizeof *packs->list, pack_compare);
    return status;
}

/* A Bloom filter. A digest sets three bits; digests are evenly distributed, so parts of their first
 * digits are the numbers of these bits. With at least 16 bits a digest, one of 200 that the index
 * does not have passes. */
struct packs_filter {
    uint64_t mask; /* the number of bits, a power of two, less 1 */
    uint64_t words[];
};

enum { FILTER_BITS_EACH = 16, FILTER_HASHES = 3, FILTER_WORD = 64 };

/* Rotates, so that even numbers with more than 21 bits differ in some of them. */
static uint64_t filter_bit(const struct packs_filter *filter, uint64_t prefix, unsigned hash)
{
    const unsigned turn = hash * 21;
    return (turn == 0 ? prefix : prefix >> turn | prefix << (64 - turn)) & filter->mask;
}

static void filter_add(struct packs_filter *filter, uint64_t prefix)
{
    for (unsigned hash = 0; hash < FILTER_HASHES; hash++) {
        const uint64_t bit = filter_bit(filter, prefix, hash);
        filter->words[bit / FILTER_WORD] |= UINT64_C(1) << bit % FILTER_WORD;
    }
}

/* Whether the digest may have been added; NULL has all. */
static bool filter_passes(const struct packs_filter *filter, uint64_t prefix)
{
    for (unsigned hash = 0; filter && hash < FILTER_HASHES; hash++) {
        const uint64_t bit = filter_bit(filter, prefix, hash);
        if (!(filter->words[bit / FILTER_WORD] >> bit % FILTER_WORD & 1))
            return false;
    }
    return true;
}

/* Makes `starts`, with about one value for each line. */
static int starts_make(struct pack *pack)
{
    unsigned bits = 1;
    while (bits < 32 && pack->index.count >> bits > 0)
        bits++;
    pack->starts = malloc((((size_t)1 << bits) + 1) * sizeof *pack->starts);
    pack->index.shift = 64 - bits;
    return pack->starts ? 0 : -1;
}

/* The lines before line `number` have smaller values than `value`. */
static size_t starts_fill(struct pack *pack, size_t next, uint64_t value, size_t number)
{
    while (next <= value)
        pack->starts[next++] = (uint32_t)number;
    return next;
}

static enum status filter_make(const struct packs *packs, struct pack *pack)
{
    const struct index *index = &pack->index;
    size_t next = 0; /* of `starts` */
    uint64_t bits = FILTER_WORD;
    while (bits < (uint64_t)index->count * FILTER_BITS_EACH)
        bits *= 2;
    struct packs_filter *filter = calloc(1, sizeof *filter + (size_t)(bits / 8));
    if (!filter)
        return diag_no_memory();
    pack->filter = filter;
    if (starts_make(pack) != 0)
        return diag_no_memory();
    filter->mask = bits - 1;
    (void)madvise(pack->bytes, pack->length, MADV_SEQUENTIAL); /* only for speed */
    for (size_t i = 0; i < index->count; i++) {
        uint64_t prefix = 0;
        if (index_prefix(index, i, &prefix) != PACK_OK)
            return fail_index(packs, pack->name, pack_error_text(PACK_BAD_INDEX));
        filter_add(filter, prefix);
        next = starts_fill(pack, next, prefix >> index->shift, i);
    }
    starts_fill(pack, next, UINT64_C(1) << (64 - index->shift), index->count);
    pack->index.starts = pack->starts;
    (void)madvise(pack->bytes, pack->length, MADV_RANDOM);
    return STATUS_OK;
}

enum status packs_filter(struct packs *packs)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < packs->count && status == STATUS_OK; i++) {
        if (!packs->list[i].filter)
            status = filter_make(packs, &packs->list[i]);
    }
    return status;
}

enum status packs_find(const struct packs *packs, const struct digest_value *digest, size_t *pack,
                       struct index_entry *entry, bool *found)
{
    const struct index_key key = index_key(digest);
    *found = false;
    for (size_t i = *pack; i < packs->count; i++) {
        if (!filter_passes(packs->list[i].filter, key.prefix))
            continue;
        switch (index_find(&packs->list[i].index, &key, entry)) {
        case INDEX_FOUND:
            *pack = i;
            *found = true;
            return STATUS_OK;
        case INDEX_MALFORMED:
            return fail_index(packs, packs->list[i].name, pack_error_text(PACK_BAD_INDEX));
        case INDEX_ABSENT:
            break;
        }
    }
    return STATUS_OK;
}

enum status packs_search(struct packs *packs, const struct digest_value *digest, size_t *pack,
                         struct index_entry *entry, bool *found)
{
    enum status status = STATUS_OK;
    *found = false;
    *pack = 0;
    if (!packs->filtered && packs->searches * SEARCH_COST >= packs->contents) {
        packs->filtered = true;
        status = packs_filter(packs);
    }
    if (status == STATUS_OK)
        status = packs_find(packs, digest, pack, entry, found);
    packs->searches += *found ? *pack + 1 : packs->count;
    return status;
}

void packs_trim(const struct packs *packs)
{
    for (size_t i = 0; i < packs->count; i++)
        (void)madvise(packs->list[i].bytes, packs->list[i].length, MADV_DONTNEED);
}

void packs_close(struct packs *packs)
{
    for (size_t i = 0; i < packs->count; i++) {
        free(packs->list[i].filter);
        free(packs->list[i].starts);
        if (packs->list[i].bytes)
            (void)munmap(packs->list[i].bytes, packs->list[i].length);
    }
    free(packs->list);
    *packs = (struct packs){0};
}
