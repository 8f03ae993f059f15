#include "clean.h"

#include "diag.h"
#include "dirs.h"
#include "lock.h"
#include "merge/journal.h"
#include "names.h"
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

/* Whether only this user and root can name directories in `parent`. A sticky bit is not enough: it
 * keeps others from renaming our directories, but not from moving one of ours into it. */
static bool names_are_trusted(int parent)
{
    struct stat status;
    return fstat(parent, &status) == 0 && (status.st_uid == geteuid() || status.st_uid == 0) &&
           !(status.st_mode & (S_IWGRP | S_IWOTH));
}

/* Whether the open directory `fd` is private and contains the marker file of a spool, which only
 * its owner can have put there. */
static bool is_spool(int fd)
{
    struct stat status, mark;
    return fstat(fd, &status) == 0 && (status.st_mode & 07777) == 0700 &&
           fstatat(fd, STAGING_SPOOL_MARK, &mark, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISREG(mark.st_mode) && mark.st_uid == status.st_uid;
}

/* Whether the open directory `fd` was made by tarunpack or zlsnap for this user. Where other users
 * can rename, a name proves nothing: they may have given it to any of this user's directories. The
 * contents decide there, and a tree that staging_step_out() moved there is left alone. */
static bool is_ours(int parent, int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && status.st_uid == geteuid() &&
           (names_are_trusted(parent) || staging_is(fd) > 0 || is_spool(fd));
}

/* Whether the directory or its entries were last changed at least `seconds` ago. */
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

/* Whether no run uses the directory any more; if so, it is locked now. Without file locks, age
 * decides. */
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

static void target_leftover_clean(int parent, const char *name)
{
    int fd = openat2_beneath(parent, name, O_RDONLY);
    if (fd < 0)
        return;
    /* Looked for under the lock: until then the directory's run could begin a merge and die. */
    if (is_dead(parent, fd, name, 0) && journal_of(fd) == JOURNAL_NONE &&
        remove_opened(parent, fd, name) == STATUS_OK)
        diag_note("%s: removed, left by a killed run", diag_name(name).text);
    close(fd);
}

void clean_target(int parent, const char *target)
{
    struct names names = {0};
    /* A directory without read permission cannot be searched; that is no error. */
    if (names_read_in(&names, parent, ".") == 0) {
        for (size_t i = 0; i < names.count; i++) {
            if (staging_name_is(names_text(&names, i), target))
                target_leftover_clean(parent, names_text(&names, i));
        }
    }
    names_free(&names);
}

struct cleaning {
    const struct clean_options *options;
    int parent;         /* the directory to clean */
    bool stdout_failed; /* writing to standard output failed */
};

static enum status name_print(struct cleaning *cleaning, const char *name)
{
    char line[sizeof(struct diag_name) + 1];
    int length = snprintf(line, sizeof line, "%s\n", diag_name(name).text);
    if (stream_write(STDOUT_FILENO, line, (size_t)length) == 0)
        return STATUS_OK;
    diag_stdout();
    cleaning->stdout_failed = true;
    return STATUS_SYSTEM;
}

/* Whether a merge onto the directory is running. Its own lock tells. The lock of the staging
 * directory must not be tried: a merge that found it locked would take its run for a live one and
 * refuse to start, instead of completing the interrupted merge. */
static bool is_merged_onto(int fd)
{
    enum lock_result lock = lock_take(fd, LOCK_SH);
    if (lock == LOCK_TAKEN)
        (void)flock(fd, LOCK_UN);
    return lock == LOCK_HELD;
}

static enum status begun_report(const struct cleaning *cleaning, const char *name)
{
    if (is_merged_onto(cleaning->parent))
        diag_note("%s: kept: it is in use", diag_name(name).text);
    else
        diag_warn("%s: kept: a merge was interrupted; run it again to complete it",
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
    if (dead) /* until it was locked, its run could begin a merge and die */
        journal = journal_of(fd);
    switch (journal) {
    case JOURNAL_BEGUN:
        return begun_report(cleaning, name);
    case JOURNAL_FAILED:
        return diag_errno("%s: kept: cannot tell whether a merge was interrupted",
                          diag_name(name).text);
    case JOURNAL_NONE:
        break;
    }
    if (dead)
        return dead_remove(cleaning, fd, name);
    diag_note("%s: kept: it is in use", diag_name(name).text);
    return STATUS_OK;
}

/* Files, and directories of other users, are skipped silently. */
static enum status open_failed(const struct cleaning *cleaning, const char *name)
{
    struct stat status;
    int error = errno;
    if (fstatat(cleaning->parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISDIR(status.st_mode) || status.st_uid != geteuid())
        return STATUS_OK;
    errno = error;
    if (error != EXDEV)
        return diag_failed(name, "open");
    return diag_error("%s: cannot remove: something is mounted there", diag_name(name).text);
}

static enum status directory_leftover_clean(struct cleaning *cleaning, const char *name)
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
    if (cleaning.parent < 0 || names_read_in(&names, cleaning.parent, ".") != 0)
        status = diag_failed(path, "read the directory");
    for (size_t i = 0; i < names.count && !cleaning.stdout_failed; i++) {
        const char *name = names_text(&names, i);
        if (staging_name_is_any(name) && directory_leftover_clean(&cleaning, name) != STATUS_OK)
            status = STATUS_SYSTEM;
    }
    names_free(&names);
    stream_close(cleaning.parent);
    if (stream_close_stdout() != 0 && !cleaning.stdout_failed)
        status = diag_stdout();
    return status;
}
