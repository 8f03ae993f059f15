/*
 * An open file whose content is read, and the failures and changes that are noticed meanwhile.
 */
#ifndef TARPACK_SOURCE_H
#define TARPACK_SOURCE_H

#include "status.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct source {
    int fd;     /* -1: closed */
    off_t size; /* before the content is read, as the times */
    struct timespec mtime, ctime;
    bool live;     /* a change is a warning only */
    int error;     /* errno of a call that failed; 0: none */
    bool vanished; /* it is that of reading the status afterwards */
    bool shrank, grew, changed;
};

/* Starts with the open file `fd`, whose status was read; both are borrowed. */
struct source source_make(int fd, const struct stat *status, bool live);

/* Reads the content from `offset` on, at most `room` bytes, and retries after EINTR. Returns how
 * many bytes were read; 0 if that failed or the file ended, which is noted. */
size_t source_read(struct source *source, void *space, size_t room, off_t offset);

/* Notes whether the file changed since source_make(). Does nothing after a failure. */
void source_check(struct source *source);

/* Prints what was noted of the file `path`. Returns a status. */
enum status source_report(const struct source *source, const char *path);

#endif
