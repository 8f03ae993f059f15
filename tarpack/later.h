/*
 * Files whose contents a second thread still reads or digests: their lines of the manifest and
 * records of the cache are made without digests, which are filled in later. Until then neither is
 * written, so that the output and what is reported of errors are those of a single thread.
 */
#ifndef TARPACK_LATER_H
#define TARPACK_LATER_H

#include "cache/cache.h"
#include "emit.h"

/* Zero-initialised it is not started. */
struct later {
    struct emit *emit;
    struct cache *cache; /* NULL: none */
    enum status status;  /* the first failure */
};

/* Prepares to fill in digests; all borrowed. The output must be a manifest. From now on the
 * thread's messages wait until the contents before them are settled. later_end() must follow. */
void later_start(struct later *later, struct emit *emit, struct cache *cache);

/* To be called before emit_open() of a file: a large one waits for those before it. Returns a
 * status, as all of these; an error is printed. */
enum status later_begin(struct later *later, uint64_t size);

/* To be called after emit_close() of a file. Adds its record to the cache. Without `source` the
 * content was added. With it, the content of the file `path`, for which digester_reads() is true,
 * is read from there in the thread, and the descriptor is taken over. */
enum status later_add(struct later *later, const struct source *source, const char *path);

/* To be called after each entry. */
enum status later_advance(struct later *later);

/* Settles everything if `status`, that of the caller, is STATUS_OK. Returns the first failure. */
enum status later_end(struct later *later, enum status status);

#endif
