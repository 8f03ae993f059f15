/*
 * Digests the contents of files for the manifest. With a contents stream, also writes to it what is
 * new of each content. What is digested is what is written, even if the file changes meanwhile.
 */
#ifndef TARPACK_DIGESTER_H
#define TARPACK_DIGESTER_H

#include "content/hasher.h"
#include "content/store.h"

struct digester;

/* Prepares to digest contents, and to write them to `store`, which is open and borrowed, or NULL.
 * With `threads` a second thread digests small ones, if that is worth while. Stores NULL on
 * failure. The caller releases it with digester_free(). Returns a status, as all of these; an error
 * is printed. */
enum status digester_new(struct digester **made, struct store *store, bool threads);

/* Whom to tell of contents that are late. */
void digester_listen(struct digester *digester, hasher_told *told, void *context);

/* Starts the content of the file `path`, `size` bytes, which follow through digester_space() and
 * digester_added(), then digester_end(). */
enum status digester_begin(struct digester *digester, const char *path, uint64_t size);

/* Returns where the next bytes of the content go, and stores how many fit: at least 1 if any are
 * missing, at most as many as are missing. */
void *digester_space(struct digester *digester, size_t *room);

/* Adds `length` bytes that were stored there. */
enum status digester_added(struct digester *digester, size_t length);

/* Completes the content. Stores its digest and its place; or zeros and `late`, if the thread
 * digests it: digester_late() must follow. */
enum status digester_end(struct digester *digester, struct digest_value *value, struct place *place,
                         bool *late);

/* Gives the content to the thread, and may tell of those before it. */
enum status digester_late(struct digester *digester, const struct hasher_token *token);

/* Whether the thread may read a file of `size` bytes. */
bool digester_reads(const struct digester *digester, uint64_t size);

/* Gives the file `path` to the thread, which reads it and takes over the descriptor: instead of
 * digester_late(), if nothing of the content was added. */
enum status digester_late_file(struct digester *digester, const struct hasher_token *token,
                               const struct source *source, const char *path);

/* Waits for all contents that are late, and tells of them. To be called before a large content
 * begins. */
enum status digester_settle(struct digester *digester);

/* Stores whether the content with this digest is stored already, so that the file need not be
 * read. `place` is what the last run has found out, and may be updated. */
enum status digester_knows(const struct digester *digester, uint64_t size,
                           const struct digest_value *value, struct place *place, bool *known);

/* To be called instead of digester_begin() for a content that is known. Copies the block of a large
 * one from the old chunk map to the new one, and updates the place. */
enum status digester_keep(const struct digester *digester, const char *path, uint64_t size,
                          const struct digest_value *value, struct place *place);

/* Releases the memory. NULL is allowed. */
void digester_free(struct digester *digester);

#endif
