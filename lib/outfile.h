/*
 * A small output file in addition to stdout, for a digest or a summary.
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

/* Creates the file `name`, or empties it if it exists. For /dev/fd/N, /proc/self/fd/N, /dev/stdout
 * and /dev/stderr, uses the open descriptor. Call this before the work starts, so that an error in
 * the path is reported at once. Refuses the file that is standard input, and the one that is
 * standard output if `stdout_has_data`; the message then names `option`. Returns STATUS_OK,
 * STATUS_SYSTEM or STATUS_USAGE; errors are printed. outfile_close() must follow in any case. */
enum status outfile_open(struct outfile *file, const char *name, const char *option,
                         bool stdout_has_data);

/* Writes the whole content, `length` bytes, and closes the file. Returns STATUS_OK or
 * STATUS_SYSTEM. */
enum status outfile_finish(struct outfile *file, const char *text, size_t length);

/* Closes the file if it is still open, leaving it empty. */
void outfile_close(struct outfile *file);

#endif
