#include "clean.h"

#include "diag.h"
#include "dirs.h"
#include "merge/journal.h"
#include "names.h"
#include "place/lock.h"
#include "place/openat2.h"
#include "place/remove.h"
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
 * anything. There what workdir_step_out() made is left alone, too. */
static bool is_ours(int parent, int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && status.st_uid == geteuid() &&
           (names_are_trusted(parent) || workdir_is_wrapper(fd) > 0 || is_spool(fd));
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

/* Whether its run can't be using it any more; it is locked then. Without file locks, age decides.
 */
static bool is_dead(int parent, int fd, const char *name, uint64_t seconds)
{
    if (!is_ours(parent, fd) || !is_old(fd, seconds))
        return false;
    enum lock_result lock = lock_take(fd, LOCK_EX);
    bool unused = lock == LOCK_TAKEN || (lock == LOCK_UNSUPPORTED && seconds > 0);
    return unused && dirs_is_same(fd, parent, name);
}

static enum journal_state journal_of(int fd)
{
    char layer[DIGEST_TEXT_SIZE];
    return journal_look(fd, layer);
}

static void clean_one(int parent, const char *name)
{
    int fd = openat2_beneath(parent, name, O_RDONLY);
    if (fd < 0)
        return;
    /* The journal is looked for last: its merge may have begun, and died, before the lock was had.
     */
    if (is_dead(parent, fd, name, 0) && journal_of(fd) == JOURNAL_NONE &&
        remove_opened(parent, fd, name) == STATUS_OK)
        diag_note("%s: removed what a dead run had left", diag_name(name).text);
    close(fd);
}

void clean_target(int parent, const char *target)
{
    struct names names = {0};
    /* In a directory that may be written but not read nothing can be found. */
    if (names_read_in(&names, parent, ".") == 0) {
        for (size_t i = 0; i < names.count; i++) {
            if (staging_name_is(names_text(&names, i), target))
                clean_one(parent, names_text(&names, i));
        }
    }
    names_free(&names);
}

struct cleaning {
    const struct clean_options *options;
    int parent;         /* the directory that is cleaned */
    bool stdout_failed; /* standard output takes no more */
};

static enum status name_print(struct cleaning *cleaning, const char *name)
{
    char line[sizeof(struct diag_name) + 1];
    int length = snprintf(line, sizeof line, "%s\n", diag_name(name).text);
    if (stream_write(STDOUT_FILENO, line, (size_t)length) == 0)
        return STATUS_OK;
    diag_errno("cannot write to standard output");
    cleaning->stdout_failed = true;
    return STATUS_SYSTEM;
}

/* Whether somebody is merging onto the directory. Its own lock tells, and not that of the staging
 * directory: a merge that found this one locked would take it for a live run's, and not wait for
 * the interrupted merge to be completed. */
static bool is_merged_onto(int fd)
{
    enum lock_result lock = lock_take(fd, LOCK_SH);
    if (lock == LOCK_TAKEN)
        (void)flock(fd, LOCK_UN);
    return lock == LOCK_HELD;
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
    const uint64_t older_than = cleaning->options->older_than;
    if (!is_ours(cleaning->parent, fd) || !is_old(fd, older_than))
        return STATUS_OK;
    enum journal_state journal = journal_of(fd);
    bool dead = journal == JOURNAL_NONE && is_dead(cleaning->parent, fd, name, older_than);
    if (dead) /* its merge may have begun, and died, before the lock was had */
        journal = journal_of(fd);
    switch (journal) {
    case JOURNAL_BEGUN:
        return begun_keep(cleaning, name);
    case JOURNAL_FAILED:
        diag_errno("%s: stays: cannot tell whether a merge was interrupted", diag_name(name).text);
        return STATUS_SYSTEM;
    case JOURNAL_NONE:
        break;
    }
    if (dead)
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
    for (size_t i = 0; i < names.count && !cleaning.stdout_failed; i++) {
        const char *name = names_text(&names, i);
        if (staging_name_is_any(name) && one_clean(&cleaning, name) != STATUS_OK)
            status = STATUS_SYSTEM;
    }
    names_free(&names);
    if (cleaning.parent >= 0)
        close(cleaning.parent);
    if (stream_close_stdout() != 0 && !cleaning.stdout_failed) {
        diag_errno("cannot write to standard output");
        status = STATUS_SYSTEM;
    }
    return status;
}
