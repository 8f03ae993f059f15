/*
 * Reads and digests the contents of small files in a second thread, in batches. What became of each
 * content is told later, in the order in which they were added; failures and changes of a file are
 * reported then.
 *
 * Without a thread the main one does the same, batch by batch.
 */
#ifndef TARPACK_HASHER_H
#define TARPACK_HASHER_H

#include "content/records.h"
#include "content/source.h"
#include "content/token.h"

struct hasher;

/* Called with the digest and the place of a content, in the thread of the caller. */
typedef void hasher_told(void *context, const struct hasher_token *token,
                         const struct digest_value *value, const struct place *place);

/* Prepares to digest contents, and to write those that are new to `records`, which is open and
 * borrowed, or NULL. Stores NULL on failure. The caller releases it with hasher_free(). Returns a
 * status, as all of these; an error is printed. */
enum status hasher_new(struct hasher **made, struct records *records);

/* Whom to tell. */
void hasher_listen(struct hasher *hasher, hasher_told *told, void *context);

/* Called before a content that is checked is told of, with its digest. Stores its place. The
 * file is open, and `path` is its path. Returns a status; an error is printed. */
typedef enum status hasher_judge(void *context, struct source *source, const char *path,
                                 const struct guess *guess, const struct digest_value *value,
                                 struct place *place);

/* Who judges contents that are checked. */
void hasher_set_judge(struct hasher *hasher, hasher_judge *judge, void *context);

/* Starts a content of `size` bytes, 1 to PACK_CONTENT_MAX, which are then stored at hasher_space(),
 * each part of them announced by hasher_added(). After the last one follows hasher_end(). */
enum status hasher_begin(struct hasher *hasher, uint32_t size);
void *hasher_space(const struct hasher *hasher);
void hasher_added(struct hasher *hasher, size_t length);
enum status hasher_end(struct hasher *hasher, const struct hasher_token *token);

/* Whether the process may open enough files for hasher_end_file(). */
bool hasher_reads(const struct hasher *hasher);

/* Instead of hasher_added() and hasher_end(): the thread reads the content from `source`, which is
 * copied, and takes over its descriptor, also on failure. If the guess is right, the content is not
 * searched in the packs. With `checks`, without hasher_begin() before, it only digests the content,
 * which may have any size, for the judge. */
enum status hasher_end_file(struct hasher *hasher, const struct hasher_token *token,
                            const struct source *source, const char *path,
                            const struct guess *guess, bool checks);

/* Whether nobody was told yet of contents that have ended. */
bool hasher_waits(const struct hasher *hasher);

/* Waits until all contents that have ended are digested, and tells of them. A content may have
 * begun and not have ended. After a failure, contents are lost. */
enum status hasher_settle(struct hasher *hasher);

/* Starts to add bytes to a digest in the second thread, and waits until that is done. Both stay
 * untouched until then. Only while no content is waiting: after hasher_settle(). */
void hasher_update(struct hasher *hasher, struct digest *digest, const void *bytes, size_t length);
enum status hasher_join(struct hasher *hasher);

/* Stops the thread, whatever it does, and releases everything. NULL is allowed. */
void hasher_free(struct hasher *hasher);

#endif
