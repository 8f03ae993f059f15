/*
 * A file that gets its name when it is complete.
 *
 * Until then it has no name (O_TMPFILE), so a run that is killed leaves nothing behind. On a file
 * system without O_TMPFILE, or without /proc, it has a private name, .tarstore.zlsnap-XXXXXX, and
 * its run keeps it locked; the next run removes what a killed one left.
 */
#ifndef TARSTORE_NEWFILE_H
#define TARSTORE_NEWFILE_H

#include "staging_name.h"

#include <limits.h>
#include <stdbool.h>

/* Closed if `fd` is -1. */
struct newfile {
    int fd;
    int directory; /* borrowed */
    bool has_name; /* it exists under `name` */
    char name[NAME_MAX + 1];
};

/* Creates a file in the open directory, which is borrowed, readable by its owner only. Returns 0;
 * -1 with errno set. */
int newfile_open(struct newfile *file, int directory);

/* Gives it its final name, which does not exist. Returns 0; -1 with errno set. */
int newfile_place(struct newfile *file, const char *name);

/* Closes it. A file without a final name is removed. */
void newfile_close(struct newfile *file);

/* Removes the files that killed runs of this user left in the open directory. What cannot be
 * removed stays. */
void newfile_clean(int directory);

#endif
