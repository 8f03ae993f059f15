/*
 * Where the tree goes: the directory that is to be there in the end, and how it comes to be there
 * all at once.
 */
#ifndef TARUNPACK_PLACE_TARGET_H
#define TARUNPACK_PLACE_TARGET_H

#include "place/workdir.h"

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

struct target {
    const char *path; /* as the user wrote it; borrowed */
    bool replace;     /* a directory that stands, empty or not, is replaced */
    bool stands;      /* there is a directory */
    int parent;       /* the directory that holds it, resolved once */
    char name[NAME_MAX + 1];
    struct stat standing; /* of that directory */
};

/* Resolves the parent of `path` and looks at what stands there: nothing or an empty directory is
 * fine, and with `replace` any directory that no mount keeps in its place. Returns a status; the
 * line is printed. */
enum status target_open(struct target *target, const char *path, bool replace);

/* Publishes the staged tree under the target's name, by one rename, and with `sync` brings that to
 * the disk. The staging directory stays to be removed, with the replaced tree in it. Returns a
 * status; the line is printed, also where it was published but target_left_behind(). */
enum status target_publish(const struct target *target, struct workdir *workdir, bool sync);

/* Says that the tree was published, but that the one it replaced still lies beside it. Returns
 * STATUS_SYSTEM. */
enum status target_left_behind(const struct target *target);

/* Closes the parent. */
void target_close(struct target *target);

/* Takes the slashes off the end of a path, behind which a symbolic link would be followed. */
void target_slashes_cut(char *path);

/* Refuses the symbolic link `name` in the open directory `parent`, which the user wrote as `path`,
 * naming what it links to. Returns STATUS_SYSTEM. */
enum status target_link_refuse(const char *path, int parent, const char *name);

#endif
