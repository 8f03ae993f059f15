/*
 * Contents out of packs, verified by their digests.
 */
#ifndef TARJOIN_FETCH_H
#define TARJOIN_FETCH_H

#include "digest.h"
#include "frames.h"

/* What all threads share. Zero-initialised it is safe to close. */
struct fetch {
    struct packs *packs;
    struct frames *frames;
    bool newest; /* each search begins with the newest index */
    size_t last; /* the pack that had the content before */
    uint64_t located;
};

/* What one thread fetches with. Zero-initialised it is safe to close. */
struct fetcher {
    struct digest *digest;
    struct frame_reader reader;
};

/* A content, and where it is. */
struct fetch_place {
    struct digest_value digest;
    uint32_t length;
    uint32_t line; /* in the index of the pack */
    size_t pack;
    uint64_t offset;
};

/* Prepares to read from the packs in the open directory; both are borrowed. Returns a status, as
 * all of these; an error is printed. */
enum status fetch_open(struct fetch *fetch, struct packs *packs, int directory);
void fetch_close(struct fetch *fetch);

enum status fetcher_open(struct fetcher *fetcher);
void fetcher_close(struct fetcher *fetcher);

/* Finds the content of place->digest, of place->length bytes, in the pack that had the last one, in
 * an older one, or else in a newer one. STATUS_ARCHIVE if no pack has it. `path` is the file that
 * needs it. To be called by one thread, in the order of the manifest: the result depends on the
 * contents before. */
enum status fetch_locate(struct fetch *fetch, const char *path, struct fetch_place *place);

/* Lets all searches begin with the newest index instead: for --needs, so that who makes an index
 * newer decides which of several packs is needed. No other thread may use the packs. */
void fetch_newest(struct fetch *fetch);

/* Reads the content and verifies it. If the pack does not have it right, all others are tried: if
 * one has it, `*problem` is what is wrong with the first one, a static text for fetch_warn(), else
 * NULL. Returns STATUS_ARCHIVE if the pack is corrupt, STATUS_DIGEST if the bytes have another
 * digest. Thread-safe. */
enum status fetch_content(const struct fetch *fetch, struct fetcher *fetcher, const char *path,
                          const struct fetch_place *place, void *bytes, const char **problem);

/* Warns that the content came from another pack. */
void fetch_warn(const struct fetch *fetch, const char *path, const struct fetch_place *place,
                const char *problem);

#endif
