/*
 * What makes an interrupted merge recoverable: the protocol, and the part of it that lies on the
 * disk.
 *
 * A merge works in a staging directory inside the directory it merges onto (workdir.h):
 *
 *     DIR                             locked by the merge that is running
 *     DIR/.merge.zlsnap-XXXXXX/       locked too
 *         tree/                       the staged layer
 *         links                       its hard links to entries that only stand in DIR
 *         begun                       the journal: the digest of the layer
 *         beginning                   the journal while it is written
 *
 * 1. Stage. The layer is unpacked into tree/ and its digest is verified.
 * 2. Prepare. The hard links are made in tree/, and everything that could refuse the layer is
 *    checked. From here on tree/ has all that the merge needs; nothing in DIR has changed.
 * 3. Begin. The journal appears, complete and on the disk, by a rename. From here on DIR is a
 * mixture.
 * 4. Supersede. Staging directories of earlier, interrupted merges of the same layer are removed:
 *    step 2 has linked into tree/ whatever only they still held.
 * 5. Apply. Entries are moved from tree/ to DIR, and what the layer deletes is deleted.
 * 6. End. The staging directory is removed, its journal last. With the journal gone the merge is
 *    complete, and the same command would be another one.
 *
 * A run that dies before step 3 leaves a staging directory without a journal, which anybody's
 * cleaner may remove. One that dies later leaves a journal, and the next merge
 *
 * - of the same layer completes it, by doing all steps again: applying a layer twice gives the same
 *   as once, except for hard links whose targets are gone by then; step 2 finds those in the
 *   interrupted merges' trees, or in DIR where they were moved to;
 * - of another layer is refused: it could delete the only link to what the first one still needs.
 *
 * Nothing but step 4 or 6 of a merge of that layer removes a staging directory with a journal.
 * Where it can't be told whether there is one, there may be, and nothing is removed or begun.
 */
#ifndef TARUNPACK_MERGE_JOURNAL_H
#define TARUNPACK_MERGE_JOURNAL_H

#include "digest.h"
#include "place/workdir.h"
#include "status.h"

#include <stdbool.h>
#include <stddef.h>

enum journal_state {
    JOURNAL_NONE,   /* there is none: no merge has begun */
    JOURNAL_BEGUN,  /* a merge has begun and not ended */
    JOURNAL_FAILED, /* it can't be told; errno is set */
};

/* Looks for the journal in the open staging directory `fd`. With JOURNAL_BEGUN, stores the digest
 * text that it holds, "" if it is empty. */
enum journal_state journal_look(int fd, char layer[static DIGEST_TEXT_SIZE]);

/* Step 3: says in the staging directory `fd` that the merge of the layer begins, with `sync` also
 * after a power cut. Returns 0; -1 with errno set: then it has not begun, unless journal_look()
 * says otherwise. */
int journal_begin(int fd, const struct digest_value *layer, bool sync);

/* The interrupted merges onto a directory. Zero-initialised it is empty and safe to close. */
struct journal {
    struct workdir *begun; /* locked */
    size_t count, capacity;
};

/* Finds and locks all interrupted merges onto the open directory `onto`, which the caller has
 * locked and which messages call `path`. Returns a status, STATUS_SYSTEM also where one of them
 * can't be looked at, or is not this user's to complete; the line is printed. */
enum status journal_open(struct journal *journal, int onto, const char *path);

/* Refuses, with a line, unless all interrupted merges are of `layer`. */
enum status journal_check(const struct journal *journal, const struct digest_value *layer,
                          const char *path);

/* Step 4: removes the interrupted merges, once a merge of the same layer has begun. Returns a
 * status; the line is printed. */
enum status journal_supersede(struct journal *journal);

/* Closes what is left; the staging directories stay. */
void journal_close(struct journal *journal);

#endif
