/*
 * The merge journal: makes an interrupted merge recoverable. This comment describes the whole
 * protocol, journal.c implements the part that is on disk. The fields of struct interrupted are set
 * by journal.c; merge/links.c reads them.
 *
 * A merge works in a staging directory inside the directory it merges onto (place/staging.h):
 *
 *     DIR                             locked by the merge that is running
 *     DIR/.merge.zlsnap-XXXXXX/       locked too
 *         tree/                       the staged layer
 *         links                       its hard links to entries that are only in DIR
 *         begun                       the journal: the digest of the layer
 *         beginning                   the journal while it is being written
 *
 * 1. Stage. The layer is unpacked into tree/ and its digest is verified.
 * 2. Prepare. The hard links are created in tree/, and everything that could refuse the layer is
 *    checked. From here on tree/ contains all that the merge needs; DIR is still unchanged.
 * 3. Begin. A rename makes the journal appear, complete and synced. From here on DIR is a mixture.
 * 4. Supersede. The staging directories of earlier, interrupted merges of the same layer are
 *    removed: step 2 has linked whatever only they still had into tree/.
 * 5. Apply. Entries are moved from tree/ to DIR, and what the layer whites out is deleted.
 * 6. End. The staging directory is removed, its journal last. Without the journal the merge is
 *    complete, and running the same command again would be a new merge.
 *
 * A run that dies before step 3 leaves a staging directory without a journal, which any cleaner may
 * remove. A run that dies later leaves a journal, and the next merge
 *
 * - of the same layer completes it, by doing all steps again: applying a layer twice has the same
 *   result as once, except for hard links to entries of DIR, which may be gone or replaced by then.
 *   So step 2 takes the links that the interrupted merges made: from their trees, or from DIR if
 *   they were already moved there;
 * - of another layer is refused: it could delete the last link to a file that the first merge still
 *   needs.
 *
 * Only steps 4 and 6 of a merge of the same layer remove a staging directory with a journal. If it
 * cannot be told whether there is a journal, one is assumed: nothing is removed or begun.
 */
#ifndef TARUNPACK_MERGE_JOURNAL_H
#define TARUNPACK_MERGE_JOURNAL_H

#include "digest.h"
#include "place/staging.h"
#include "status.h"

#include <stdbool.h>
#include <stddef.h>

enum journal_state {
    JOURNAL_NONE,   /* no merge has begun */
    JOURNAL_BEGUN,  /* a merge has begun and not ended */
    JOURNAL_FAILED, /* cannot tell; errno is set */
};

/* Looks for a journal in the open staging directory `fd`. With JOURNAL_BEGUN stores its text, the
 * layer's digest, or "" if it is empty. */
enum journal_state journal_look(int fd, char layer[static DIGEST_TEXT_SIZE]);

/* Step 3: writes the journal for `layer` into the staging directory `fd`, with `sync` durably.
 * Returns 0; -1 with errno set: then the merge has not begun, unless journal_look() finds a
 * journal. */
int journal_begin(int fd, const struct digest_value *layer, bool sync);

/* The interrupted merges onto a directory. Zero-initialised it is empty and safe to close. */
struct interrupted {
    struct staging *begun; /* locked */
    size_t count, capacity;
};

/* Finds and locks all interrupted merges onto the open directory `onto`, which the caller has
 * locked; `path` is its path for messages. Returns a status; errors are printed. STATUS_SYSTEM also
 * if a staging directory cannot be examined, or belongs to another user who has to complete its
 * merge. */
enum status journal_open(struct interrupted *interrupted, int onto, const char *path);

/* Returns STATUS_OK if all interrupted merges are of `layer`; otherwise prints an error. */
enum status journal_check(const struct interrupted *interrupted, const struct digest_value *layer,
                          const char *path);

/* Step 4: removes the interrupted merges' staging directories, after a merge of the same layer has
 * begun. Returns a status; errors are printed. */
enum status journal_supersede(struct interrupted *interrupted);

/* Closes the staging directories, and leaves them in place. */
void journal_close(struct interrupted *interrupted);

#endif
