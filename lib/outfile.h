/*
 * The small file that a program writes besides its stdout: a digest, a summary.
 */
#ifndef ZLSNAP_OUTFILE_H
#define ZLSNAP_OUTFILE_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>

/* Zero-initialised it is closed. */
struct outfile {
    bool open;
    int fd;
    const char *name; /* borrowed */
};

/* Creates the file `name`, emptying one that stands, or takes the descriptor that /dev/fd/N or
 * /dev/stderr names. Refused is the file that standard input is, or, if that takes data, standard
 * output; `option` is named then. Early, so that a path that can't be written is known before the
 * work is done. Returns STATUS_OK; STATUS_SYSTEM; STATUS_USAGE. */
enum status outfile_open(struct outfile *file, const char *name, const char *option,
                         bool stdout_has_data);

/* Writes `length` bytes, all there is, and closes the file. Returns STATUS_OK; STATUS_SYSTEM. */
enum status outfile_finish(struct outfile *file, const char *text, size_t length);

/* Closes the file if it is still open; it stays empty. */
void outfile_close(struct outfile *file);

#endif
