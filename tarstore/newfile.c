#include "newfile.h"

#include "dirs.h"
#include "lock.h"
#include "names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define TARGET "tarstore"

/* Creates and locks a file with a private name. Before it is locked, another run may remove it.
 * Returns 0; -1 with errno set. */
static int named_open(struct newfile *file)
{
    unsigned char random[STAGING_RANDOM_LENGTH];
    for (int tries = 0; tries < 100; tries++) {
        if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
            return -1;
        staging_name_make(file->name, TARGET, random);
        int fd = openat(file->directory, file->name,
                        O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0 && errno != EEXIST)
            return -1;
        if (fd < 0)
            continue;
        if (lock_take(fd, LOCK_EX) != LOCK_HELD && dirs_is_same(fd, file->directory, file->name)) {
            file->fd = fd;
            file->has_name = true;
            return 0;
        }
        close(fd);
    }
    errno = EEXIST;
    return -1;
}

int newfile_open(struct newfile *file, int directory)
{
    *file = (struct newfile){.fd = dirs_create_unnamed(directory), .directory = directory};
    return file->fd >= 0 ? 0 : named_open(file);
}

int newfile_place(struct newfile *file, const char *name)
{
    if (!file->has_name)
        return dirs_name(file->fd, file->directory, name);
    if (renameat(file->directory, file->name, file->directory, name) != 0)
        return -1;
    file->has_name = false;
    return 0;
}

void newfile_close(struct newfile *file)
{
    if (file->has_name)
        (void)unlinkat(file->directory, file->name, 0);
    if (file->fd >= 0)
        close(file->fd);
    *file = (struct newfile){.fd = -1};
}

/* Removes a file of this user, unless a running process holds its lock. */
static void leftover_remove(int directory, const char *name)
{
    struct stat status;
    int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid() &&
        lock_take(fd, LOCK_EX) == LOCK_TAKEN && dirs_is_same(fd, directory, name))
        (void)unlinkat(directory, name, 0);
    close(fd);
}

void newfile_clean(int directory)
{
    struct names names = {0};
    if (names_read_in(&names, directory, ".") == 0) {
        for (size_t i = 0; i < names.count; i++) {
            if (staging_name_is(names_text(&names, i), TARGET))
                leftover_remove(directory, names_text(&names, i));
        }
    }
    names_free(&names);
}
