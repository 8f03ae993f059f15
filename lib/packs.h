/*
 * The packs of a directory, by their indexes: files named PACK.index. All other names are ignored.
 *
 * Indexes are mapped into memory, not read: a search among a million contents touches a few pages.
 * The kernel therefore kills the process (SIGBUS) if a file is truncated while it is in use, as
 * only its owner can do. That fails closed: a reader that is killed has not written the end of its
 * archive.
 */
#ifndef ZLSNAP_PACKS_H
#define ZLSNAP_PACKS_H

#include "digest.h"
#include "index.h"
#include "status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct packs_filter;

struct pack {
    char name[PACK_DIGITS + 1]; /* PACK */
    struct timespec mtime;      /* of the index */
    struct index index;
    void *bytes; /* the mapped file */
    size_t length;
    struct packs_filter *filter; /* NULL: none */
    uint32_t *starts;            /* of the index; NULL: none */
};

/* Zero-initialised it is safe to close, and has no packs. It owns its memory. */
struct packs {
    const char *path;  /* of the directory as the user wrote it; borrowed */
    struct pack *list; /* newest index first; equal times in the order of the names */
    size_t count;
    size_t capacity;
    uint64_t contents; /* in all packs */
    uint64_t searches; /* of indexes by packs_search(), so far */
    bool filtered;
};

/* Maps all indexes in the open directory `fd`, which is `path` in messages. An index must be a
 * regular file, not a symbolic link, and have the header of the pack in its name. Returns a status,
 * STATUS_ARCHIVE for a wrong index; the error is printed. packs_close() must follow in either case.
 */
enum status packs_open(struct packs *packs, int fd, const char *path);

/* Searches the SHA-256 digest in the packs from number `*pack` on. Stores whether it was found, and
 * then the number of the pack and the entry. Thread-safe. Returns STATUS_OK, or STATUS_ARCHIVE if
 * an index is malformed; the error is printed. */
enum status packs_find(const struct packs *packs, const struct digest_value *digest, size_t *pack,
                       struct index_entry *entry, bool *found);

/* Reads all indexes once, and remembers 6 to 12 bytes of each content, so that packs_find() hardly
 * ever searches an index that does not have a digest, and needs few steps in one that has it. It
 * pays if the searches that follow are more than a thirtieth of the contents. Returns a status; an
 * error is printed. */
enum status packs_filter(struct packs *packs);

/* Searches as packs_find() in all packs, and calls packs_filter() once that pays: the searches cost
 * at most twice what was necessary, whether many follow or none. Not thread-safe. */
enum status packs_search(struct packs *packs, const struct digest_value *digest, size_t *pack,
                         struct index_entry *entry, bool *found);

/* Takes the pages of the indexes out of the process, but leaves them in the page cache. Called now
 * and then, a process that searches a million contents stays small. May be called while another
 * thread searches. */
void packs_trim(const struct packs *packs);

/* Releases everything. */
void packs_close(struct packs *packs);

#endif
