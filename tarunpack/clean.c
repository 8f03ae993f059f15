#include "clean.h"

#include "diag.h"
#include "dirs.h"
#include "names.h"
#include "openat2.h"
#include "remove.h"
#include "staging_name.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Whether nobody but this user and root can have given a directory the name that it has. In a
 * directory with the sticky bit others can't rename ours, but move one there. */
static bool names_are_trusted(int parent)
{
    struct stat status;
    return fstat(parent, &status) == 0 && (status.st_uid == geteuid() || status.st_uid == 0) &&
           !(status.st_mode & (S_IWGRP | S_IWOTH));
}

/* Whether the open directory `fd` is private and has the mark that only its owner can have put
 * there. */
static bool is_spool(int fd)
{
    struct stat status, mark;
    return fstat(fd, &status) == 0 && (status.st_mode & 07777) == 0700 &&
           fstatat(fd, STAGING_SPOOL_MARK, &mark, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(mark.st_mode) && mark.st_uid == status.st_uid;
}

/* Whether the open directory `fd` is one of ours and not anything else of this user's.
 * In a directory where others may rename, a name says nothing: what one of them called so may be
 * anything. There what staging_step_out() made is left alone, too. */
static bool is_ours(int parent, int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && status.st_uid == geteuid() &&
           (names_are_trusted(parent) || staging_is_wrapper(fd) || is_spool(fd));
}

/* Whether nobody has changed it, or what is directly in it, for so long. */
static bool is_old(int fd, uint64_t seconds)
{
    struct stat status;
    time_t now = time(NULL);
    if (seconds == 0)
        return true;
    if (fstat(fd, &status) != 0)
        return false;
    time_t changed = status.st_mtime > status.st_ctime ? status.st_mtime : status.st_ctime;
    return now >= changed && (uint64_t)(now - changed) >= seconds;
}

/* Whether its run can't be using it any more; it is locked then. An age says as much where there
 * are no locks. */
static bool is_dead(int parent, int fd, const char *name, uint64_t seconds)
{
    if (!is_ours(parent, fd) || !is_old(fd, seconds))
        return false;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && (seconds == 0 || errno == EWOULDBLOCK))
        return false;
    return dirs_is_same(fd, parent, name);
}

static void clean_one(int parent, const char *name, struct staging *interrupted)
{
    struct staging found = {.parent = parent, .tree = -1};
    found.fd = openat2_beneath(parent, name, O_RDONLY);
    if (found.fd < 0)
        return;
    if (!is_dead(parent, found.fd, name, 0)) {
        close(found.fd);
    } else if (interrupted->fd < 0 && staging_has_begun(&found)) {
        found.tree = dirs_open(found.fd, STAGING_TREE);
        (void)snprintf(found.name, sizeof found.name, "%s", name);
        *interrupted = found;
    } else {
        if (remove_opened(parent, found.fd, name) == STATUS_OK)
            diag_note("%s: removed what a dead run had left", diag_name(name).text);
        close(found.fd);
    }
}

void clean_target(int parent, const char *target, struct staging *interrupted)
{
    struct names names = {0};
    *interrupted = (struct staging){.fd = -1, .tree = -1};
    /* In a directory that may be written but not read nothing can be found. */
    if (names_read_in(&names, parent, ".") == 0) {
        for (size_t i = 0; i < names.count; i++) {
            if (staging_name_is(names_text(&names, i), target))
                clean_one(parent, names_text(&names, i), interrupted);
        }
    }
    names_free(&names);
}

struct cleaning {
    const struct clean_options *options;
    int parent;   /* the directory that is cleaned */
    bool unheard; /* standard output takes no more */
};

static enum status name_print(struct cleaning *cleaning, const char *name)
{
    char line[sizeof(struct diag_name) + 1];
    int length = snprintf(line, sizeof line, "%s\n", diag_name(name).text);
    if (stream_write(STDOUT_FILENO, line, (size_t)length) == 0)
        return STATUS_OK;
    diag_errno("cannot write to standard output");
    cleaning->unheard = true;
    return STATUS_SYSTEM;
}

/* Whether somebody is merging onto the directory. Its own lock tells, and not that of the staging
 * directory: a merge that found this one locked would take it for a live run's, and not wait for
 * the interrupted merge to be completed. */
static bool is_merged_onto(int fd)
{
    if (flock(fd, LOCK_SH | LOCK_NB) != 0)
        return errno == EWOULDBLOCK;
    (void)flock(fd, LOCK_UN);
    return false;
}

static enum status begun_keep(const struct cleaning *cleaning, const char *name)
{
    if (is_merged_onto(cleaning->parent))
        diag_note("%s: stays: it is in use", diag_name(name).text);
    else
        diag_warn("%s: stays: a merge was interrupted, and the same merge again completes it",
                  diag_name(name).text);
    return STATUS_OK;
}

static enum status dead_remove(struct cleaning *cleaning, int fd, const char *name)
{
    enum status status = STATUS_OK;
    if (!cleaning->options->dry_run)
        status = remove_opened(cleaning->parent, fd, name);
    return status == STATUS_OK ? name_print(cleaning, name) : status;
}

static enum status opened_clean(struct cleaning *cleaning, int fd, const char *name)
{
    const struct staging found = {.parent = cleaning->parent, .fd = fd, .tree = -1};
    const uint64_t older_than = cleaning->options->older_than;
    if (!is_ours(cleaning->parent, fd) || !is_old(fd, older_than))
        return STATUS_OK;
    if (staging_has_begun(&found))
        return begun_keep(cleaning, name);
    /* Its merge may have begun, and died, since. */
    if (is_dead(cleaning->parent, fd, name, older_than) && !staging_has_begun(&found))
        return dead_remove(cleaning, fd, name);
    diag_note("%s: stays: it is in use", diag_name(name).text);
    return STATUS_OK;
}

/* What is no directory, or another user's, is nobody's business. */
static enum status open_failed(const struct cleaning *cleaning, const char *name)
{
    struct stat status;
    int error = errno;
    if (fstatat(cleaning->parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISDIR(status.st_mode) || status.st_uid != geteuid())
        return STATUS_OK;
    errno = error;
    if (error == EXDEV)
        diag_error("%s: something is mounted there, so it is not removed", diag_name(name).text);
    else
        diag_errno("%s: cannot open", diag_name(name).text);
    return STATUS_SYSTEM;
}

static enum status one_clean(struct cleaning *cleaning, const char *name)
{
    int fd = openat2_beneath(cleaning->parent, name, O_RDONLY);
    if (fd < 0)
        return open_failed(cleaning, name);
    enum status status = opened_clean(cleaning, fd, name);
    close(fd);
    return status;
}

enum status clean_directory(const char *path, const struct clean_options *options)
{
    struct names names = {0};
    enum status status = STATUS_OK;
    struct cleaning cleaning = {.options = options};
    cleaning.parent = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (cleaning.parent < 0 || names_read_in(&names, cleaning.parent, ".") != 0) {
        diag_errno("%s: cannot read the directory", diag_name(path).text);
        status = STATUS_SYSTEM;
    }
    for (size_t i = 0; i < names.count && !cleaning.unheard; i++) {
        const char *name = names_text(&names, i);
        if (staging_name_is_any(name) && one_clean(&cleaning, name) != STATUS_OK)
            status = STATUS_SYSTEM;
    }
    names_free(&names);
    if (cleaning.parent >= 0)
        close(cleaning.parent);
    if (stream_close_stdout() != 0 && !cleaning.unheard) {
        diag_errno("cannot write to standard output");
        status = STATUS_SYSTEM;
    }
    return status;
}
