/*
 * Counts the entries of an archive, for --summary.
 */
#ifndef ZLSNAP_TALLY_H
#define ZLSNAP_TALLY_H

#include "outfile.h"
#include "tar_entry.h"

struct tally {
    uint64_t entries;
    uint64_t types[TAR_FIFO + 1]; /* by tar_type; without whiteouts and opaque markers */
    uint64_t whiteouts, opaques;
    uint64_t content; /* bytes of all files */
    uint64_t sockets; /* skipped */
    uint64_t bytes;   /* of the whole stream */
};

/* Counts an entry. */
void tally_add(struct tally *tally, const struct tar_entry *entry);

/* Appends a JSON object, without its closing brace. Returns 0; -1 if memory is out. */
int tally_append(struct buf *out, const struct tally *tally);

/* Writes a JSON object to `file` and closes it. Returns a status; an error is printed. */
enum status tally_write(const struct tally *tally, struct outfile *file);

#endif
