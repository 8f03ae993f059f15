#include "clean.h"

#include "buf.h"
#include "diag.h"
#include "dirs.h"
#include "names.h"
#include "openat2.h"
#include "remove.h"
#include "sandbox.h"
#include "staging.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct clean {
    const struct options *options;
    int fd;          /* the directory that is cleaned */
    struct buf path; /* of what is being looked at, for messages */
    bool unheard;    /* standard output takes no more */
};

/* What was found under a name of the pattern. */
enum finding {
    FOUND_STRANGE, /* not known to be ours */
    FOUND_YOUNG,   /* not as old as asked for */
    FOUND_IN_USE,
    FOUND_MERGE, /* of an interrupted merge */
    FOUND_DEAD,  /* locked now, where that is possible */
};

static enum status path_set(struct clean *clean, const char *name)
{
    const char *directory = clean->options->directory;
    size_t length = strlen(directory);
    const char *slash = length > 0 && directory[length - 1] == '/' ? "" : "/";
    if (buf_set_text(&clean->path, directory, length) == 0 &&
        buf_append_text(&clean->path, slash) == 0 &&
        buf_append(&clean->path, name, strlen(name) + 1) == 0)
        return STATUS_OK;
    diag_error("out of memory");
    return STATUS_SYSTEM;
}

static bool is_before(const struct timespec *time, const struct timespec *now, uint64_t seconds)
{
    int64_t passed = (int64_t)now->tv_sec - time->tv_sec - (now->tv_nsec < time->tv_nsec);
    return passed >= 0 && (uint64_t)passed >= seconds;
}

/* Whether the open directory `fd` was last changed as long ago as asked for. */
static bool is_old(int fd, uint64_t seconds)
{
    struct stat status;
    struct timespec now;
    if (seconds == 0)
        return true;
    return fstat(fd, &status) == 0 && clock_gettime(CLOCK_REALTIME, &now) == 0 &&
           is_before(&status.st_mtim, &now, seconds) && is_before(&status.st_ctim, &now, seconds);
}

/* Whether somebody is merging onto the directory. Asked of its own lock and not of the staging
 * directory's: a merge that can't get that one would take an interrupted merge for a live one. */
static bool is_merged_onto(const struct clean *clean)
{
    if (flock(clean->fd, LOCK_SH | LOCK_NB) != 0)
        return errno == EWOULDBLOCK;
    (void)flock(clean->fd, LOCK_UN);
    return false;
}

/* Locks the open directory `fd`, if its run can't be using it any more. */
static bool dead_lock(const struct clean *clean, int fd, const char *name)
{
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 &&
        (errno == EWOULDBLOCK || clean->options->older_than == 0))
        return false;
    return dirs_is_same(fd, clean->fd, name);
}

static enum finding look(const struct clean *clean, int fd, const char *name)
{
    const struct staging found = {.parent = clean->fd, .fd = fd, .tree = -1};
    if (!staging_is_ours(clean->fd, fd))
        return FOUND_STRANGE;
    if (staging_has_begun(&found))
        return is_merged_onto(clean) ? FOUND_IN_USE : FOUND_MERGE;
    if (!is_old(fd, clean->options->older_than))
        return FOUND_YOUNG;
    /* Its merge may have begun, and died, since. */
    return dead_lock(clean, fd, name) && !staging_has_begun(&found) ? FOUND_DEAD : FOUND_IN_USE;
}

/* A line on standard output. */
static enum status name_print(struct clean *clean, const char *name)
{
    _Static_assert(4 * NAME_MAX + 1 < sizeof(struct diag_name), "no name is cut");
    struct diag_name line = diag_name(name);
    size_t length = strlen(line.text);
    line.text[length++] = '\n';
    if (stream_write(STDOUT_FILENO, line.text, length) == 0)
        return STATUS_OK;
    diag_errno("write error");
    clean->unheard = true;
    return STATUS_SYSTEM;
}

static enum status dead_remove(struct clean *clean, int fd, const char *name)
{
    enum status status = STATUS_OK;
    if (!clean->options->dry_run)
        status = remove_opened(clean->fd, fd, name, clean->path.bytes);
    return status == STATUS_OK ? name_print(clean, name) : status;
}

static enum status opened_clean(struct clean *clean, int fd, const char *name)
{
    const char *path = clean->path.bytes;
    switch (look(clean, fd, name)) {
    case FOUND_STRANGE:
        diag_note("%s: left alone, it may be something else", diag_name(path).text);
        break;
    case FOUND_YOUNG:
        diag_note("%s: left alone, it was changed since", diag_name(path).text);
        break;
    case FOUND_IN_USE:
        diag_note("%s: left alone, it is in use", diag_name(path).text);
        break;
    case FOUND_MERGE:
        diag_warn("%s: is kept: a merge was interrupted, and the same merge again completes it",
                  diag_name(path).text);
        break;
    case FOUND_DEAD:
        return dead_remove(clean, fd, name);
    }
    return STATUS_OK;
}

/* Says why a directory of ours can't even be looked at; what is no directory or somebody else's
 * need not. */
static enum status open_failed(const struct clean *clean, const char *name)
{
    const char *path = clean->path.bytes;
    struct stat status;
    int error = errno;
    if (fstatat(clean->fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(status.st_mode) ||
        status.st_uid != geteuid())
        return STATUS_OK;
    errno = error;
    if (error == EXDEV)
        diag_error("%s: something is mounted there, so it is not removed", diag_name(path).text);
    else
        diag_errno("%s: cannot open", diag_name(path).text);
    return STATUS_SYSTEM;
}

static enum status name_clean(struct clean *clean, const char *name)
{
    enum status status = path_set(clean, name);
    if (status != STATUS_OK)
        return status;
    int fd = openat2_beneath(clean->fd, name, O_RDONLY);
    if (fd < 0)
        return open_failed(clean, name);
    status = opened_clean(clean, fd, name);
    close(fd);
    return status;
}

static enum status names_clean(struct clean *clean)
{
    enum status status = STATUS_OK;
    struct names names = {0};
    if (names_read_in(&names, clean->fd, ".") != 0) {
        diag_errno("%s: cannot read directory", diag_name(clean->options->directory).text);
        status = STATUS_SYSTEM;
    }
    for (size_t i = 0; i < names.count && !clean->unheard; i++) {
        const char *name = names_text(&names, i);
        if (staging_name_is_any(name) && name_clean(clean, name) != STATUS_OK)
            status = STATUS_SYSTEM;
    }
    names_free(&names);
    return status;
}

enum status clean_run(const struct options *options)
{
    struct clean clean = {.options = options};
    clean.fd = open(options->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (clean.fd < 0) {
        diag_errno("%s: cannot open", diag_name(options->directory).text);
        return STATUS_SYSTEM;
    }
    sandbox_enter(clean.fd);
    enum status status = names_clean(&clean);
    close(clean.fd);
    buf_free(&clean.path);
    if (stream_close_stdout() != 0 && !clean.unheard) {
        diag_errno("write error");
        status = STATUS_SYSTEM;
    }
    return status;
}
