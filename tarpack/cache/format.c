#include "cache/format.h"

#include "privilege.h"

#include <string.h>
#include <unistd.h>

struct cache_header cache_header_make(void)
{
    struct cache_header header = {
        .magic = "zlsnap cache 3", .order = 0x01020304, .record_size = sizeof(struct cache_record)};
    struct stat status;
    /* ACLs hold the ids of the user namespace. */
    if (stat("/proc/self/ns/user", &status) == 0)
        header.view = status.st_ino;
    header.view = header.view << 1 | privilege_sees_trusted();
    return header;
}

/* A bijection in `check` and in `word`, so that a change of either is never lost. */
static uint64_t check_word(uint64_t check, uint64_t word)
{
    check = (check ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return check ^ check >> 32;
}

uint64_t cache_check(uint64_t check, const void *bytes, size_t length)
{
    const char *from = bytes;
    check = check_word(check, length);
    while (length > 0) {
        uint64_t word = 0;
        size_t part = length < sizeof word ? length : sizeof word;
        memcpy(&word, from, part);
        check = check_word(check, word);
        from += part;
        length -= part;
    }
    return check;
}

bool cache_is_trusted(const struct stat *status)
{
    return S_ISREG(status->st_mode) && (status->st_uid == geteuid() || status->st_uid == 0) &&
           !(status->st_mode & (S_IWGRP | S_IWOTH));
}

bool cache_record_is_same(const struct cache_record *a, const struct cache_record *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->mtime == b->mtime && a->ctime == b->ctime && a->mtime_ns == b->mtime_ns &&
           a->ctime_ns == b->ctime_ns;
}

size_t cache_record_length(const struct cache_record *record)
{
    return sizeof *record + record->path_length + record->xattrs_length;
}
