#include "tree/links.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct links_slot {
    char *path; /* NULL: the slot is free */
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec mtime;
};

static size_t slot_hash(dev_t device, ino_t inode)
{
    /* Fibonacci hashing; inode numbers are often dense. */
    return (size_t)(((uint64_t)inode ^ (uint64_t)device << 32) * UINT64_C(0x9E3779B97F4A7C15) >>
                    16);
}

static bool slot_is(const struct links_slot *slot, const struct stat *status, bool live)
{
    if (slot->device != status->st_dev || slot->inode != status->st_ino)
        return false;
    return !live ||
           (slot->size == status->st_size && slot->mtime.tv_sec == status->st_mtim.tv_sec &&
            slot->mtime.tv_nsec == status->st_mtim.tv_nsec);
}

/* The slot of the inode, or the free slot for it. */
static struct links_slot *slot_find(const struct links *links, const struct stat *status)
{
    size_t at = slot_hash(status->st_dev, status->st_ino);
    for (;; at++) {
        struct links_slot *slot = &links->slots[at & (links->capacity - 1)];
        if (!slot->path || slot_is(slot, status, links->live))
            return slot;
    }
}

static int links_grow(struct links *links)
{
    struct links wider = {.live = links->live, .count = links->count};
    wider.capacity = links->capacity ? links->capacity * 2 : 256;
    wider.slots = calloc(wider.capacity, sizeof *wider.slots);
    if (!wider.slots)
        return -1;
    for (size_t i = 0; i < links->capacity; i++) {
        const struct links_slot *slot = &links->slots[i];
        if (!slot->path)
            continue;
        size_t at = slot_hash(slot->device, slot->inode);
        while (wider.slots[at & (wider.capacity - 1)].path)
            at++;
        wider.slots[at & (wider.capacity - 1)] = *slot;
    }
    free(links->slots);
    *links = wider;
    return 0;
}

int links_visit(struct links *links, const struct stat *status, const char *path,
                const char **first)
{
    *first = NULL;
    if (links->count * 2 >= links->capacity && links_grow(links) != 0)
        return -1;
    struct links_slot *slot = slot_find(links, status);
    if (slot->path) {
        *first = slot->path;
        return 0;
    }
    char *copy = strdup(path);
    if (!copy)
        return -1;
    *slot = (struct links_slot){.path = copy,
                                .device = status->st_dev,
                                .inode = status->st_ino,
                                .size = status->st_size,
                                .mtime = status->st_mtim};
    links->count++;
    return 0;
}

bool links_knows(const struct links *links, const struct stat *status)
{
    return links->count > 0 && slot_find(links, status)->path;
}

void links_free(struct links *links)
{
    for (size_t i = 0; i < links->capacity; i++)
        free(links->slots[i].path);
    free(links->slots);
    *links = (struct links){0};
}
