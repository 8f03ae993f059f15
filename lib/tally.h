/*
 * What an archive holds, counted: the content of --summary.
 */
#ifndef ZLSNAP_TALLY_H
#define ZLSNAP_TALLY_H

#include "outfile.h"
#include "tar_entry.h"

/* Zero-initialised it has counted nothing. */
struct tally {
    uint64_t entries;
    uint64_t types[TAR_FIFO + 1]; /* by tar_type; whiteouts and opaque marks are counted apart */
    uint64_t whiteouts, opaques;
    uint64_t content; /* bytes of all files */
    uint64_t sockets; /* left out */
    uint64_t bytes;   /* of the whole stream */
};

/* Counts an entry. */
void tally_add(struct tally *tally, const struct tar_entry *entry);

/* Writes one JSON object to `file` and closes that. Returns a status; the line is printed. */
enum status tally_write(const struct tally *tally, struct outfile *file);

#endif
