#include "merge/journal.h"

#include "array.h"
#include "diag.h"
#include "dirs.h"
#include "lock.h"
#include "names.h"
#include "place/openat2.h"
#include "staging_name.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum journal_state journal_look(int fd, char layer[static DIGEST_TEXT_SIZE])
{
    layer[0] = '\0';
    int file = openat(fd, STAGING_BEGUN, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0)
        return errno == ENOENT ? JOURNAL_NONE : JOURNAL_FAILED;
    struct stat status;
    ssize_t length = -1;
    if (fstat(file, &status) == 0) {
        if (S_ISREG(status.st_mode))
            length = stream_read(file, layer, DIGEST_TEXT_SIZE - 1);
        else
            errno = EINVAL; /* reading a FIFO, for instance, could block */
    }
    stream_close(file);
    layer[length > 0 ? length : 0] = '\0';
    return length < 0 ? JOURNAL_FAILED : JOURNAL_BEGUN;
}

static int text_write(int fd, const char *text, bool sync)
{
    int result = stream_write(fd, text, strlen(text));
    if (result == 0 && sync)
        result = fsync(fd);
    int error = errno;
    if (close(fd) != 0)
        return -1;
    errno = error;
    return result;
}

int journal_begin(int fd, const struct digest_value *layer, bool sync)
{
    char text[DIGEST_TEXT_SIZE];
    const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
    int file = openat(fd, STAGING_BEGINNING, flags, 0600);
    digest_text(layer, text);
    /* Renamed, so that it never exists without its text. Synced before the first entry moves:
     * otherwise another process's fsync could make a move durable, but not the journal. */
    if (file < 0 || text_write(file, text, sync) != 0 ||
        renameat(fd, STAGING_BEGINNING, fd, STAGING_BEGUN) != 0)
        return -1;
    if (!sync || fsync(fd) == 0)
        return 0;
    int error = errno;
    (void)unlinkat(fd, STAGING_BEGUN, 0);
    errno = error;
    return -1;
}

static enum status failed(const char *path, const char *name, const char *what)
{
    return diag_errno("%s/%s: cannot %s", diag_name(path).text, diag_name(name).text, what);
}

static enum status refuse(const char *path, const char *name, const char *why)
{
    return diag_error("%s/%s: %s", diag_name(path).text, diag_name(name).text, why);
}

/* Stores in `*ours` whether the staging directory belongs to this user; the others are skipped.
 * Anybody who can write to the directory merged onto could create one of that name, so another
 * user's counts only if that user is root or owns that directory. It is an error then: this user
 * cannot complete the merge. */
static enum status owner_check(int onto, const char *path, const char *name, bool *ours)
{
    struct stat found, directory;
    *ours = false;
    if (fstatat(onto, name, &found, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? STATUS_OK : failed(path, name, "read its status");
    if (!S_ISDIR(found.st_mode))
        return STATUS_OK;
    *ours = found.st_uid == geteuid();
    if (*ours)
        return STATUS_OK;
    if (fstat(onto, &directory) != 0)
        return failed(path, ".", "read its status");
    if (found.st_uid != 0 && found.st_uid != directory.st_uid)
        return STATUS_OK;
    return diag_error("%s/%s: belongs to a merge by user %" PRIuMAX
                      ", who must complete or remove it",
                      diag_name(path).text, diag_name(name).text, (uintmax_t)found.st_uid);
}

/* Locks a staging directory with a journal. Its run must be dead, since the caller has locked the
 * directory merged onto; only a cleaner can hold the lock briefly. Without file locks neither lock
 * proves anything. */
static enum status begun_lock(const struct staging *found, const char *path)
{
    enum lock_result lock = lock_take(found->fd, LOCK_EX);
    if (lock == LOCK_HELD)
        return refuse(path, found->name, "locked by another process");
    return lock == LOCK_FAILED ? failed(path, found->name, "lock") : STATUS_OK;
}

static enum status begun_keep(struct interrupted *interrupted, struct staging *found,
                              const char *path)
{
    enum status status = begun_lock(found, path);
    if (status != STATUS_OK)
        return status;
    int recognised = staging_is(found->fd);
    if (recognised < 0)
        return failed(path, found->name, "read it");
    if (!recognised)
        return refuse(path, found->name, "not the staging directory of a merge");
    found->tree = dirs_open(found->fd, STAGING_TREE);
    /* An interrupted removal may have left only the journal. */
    if (found->tree < 0 && errno != ENOENT)
        return failed(path, found->name, "open the tree in it");
    if (array_reserve(&interrupted->begun, &interrupted->capacity, interrupted->count + 1,
                      sizeof *interrupted->begun) != 0)
        return diag_no_memory();
    interrupted->begun[interrupted->count++] = *found;
    return STATUS_OK;
}

/* Adds the staging directory `name` to the interrupted merges if it has a journal. */
static enum status name_look(struct interrupted *interrupted, int onto, const char *path,
                             const char *name)
{
    bool ours = false;
    char layer[DIGEST_TEXT_SIZE];
    enum status status = owner_check(onto, path, name, &ours);
    if (status != STATUS_OK || !ours)
        return status;
    struct staging found = {.parent = onto, .tree = -1};
    found.fd = openat2_beneath(onto, name, O_RDONLY);
    if (found.fd < 0)
        return errno == ENOENT ? STATUS_OK : failed(path, name, "open it");
    memcpy(found.name, name, strlen(name) + 1);
    switch (journal_look(found.fd, layer)) {
    case JOURNAL_NONE:
        break;
    case JOURNAL_BEGUN:
        status = begun_keep(interrupted, &found, path);
        if (status == STATUS_OK)
            return STATUS_OK; /* `interrupted` owns its descriptors now */
        break;
    case JOURNAL_FAILED:
        status = failed(path, name, "tell whether a merge was interrupted");
    }
    staging_leave(&found);
    return status;
}

enum status journal_open(struct interrupted *interrupted, int onto, const char *path)
{
    struct names names = {0};
    enum status status = STATUS_OK;
    if (names_read_in(&names, onto, ".") != 0)
        status = failed(path, ".", "read directory");
    for (size_t i = 0; status == STATUS_OK && i < names.count; i++) {
        const char *name = names_text(&names, i);
        if (staging_name_is(name, STAGING_MERGE))
            status = name_look(interrupted, onto, path, name);
    }
    names_free(&names);
    return status;
}

enum status journal_check(const struct interrupted *interrupted, const struct digest_value *layer,
                          const char *path)
{
    char begun[DIGEST_TEXT_SIZE], wanted[DIGEST_TEXT_SIZE];
    digest_text(layer, wanted);
    for (size_t i = 0; i < interrupted->count; i++) {
        const char *name = interrupted->begun[i].name;
        if (journal_look(interrupted->begun[i].fd, begun) != JOURNAL_BEGUN)
            return failed(path, name, "read its journal");
        if (strcmp(begun, wanted) == 0)
            continue;
        return diag_error(
            "%s: only partly merged: the merge of layer %s was interrupted; run it again "
            "first, or remove %s in it",
            diag_name(path).text, *begun ? diag_name(begun).text : "(unknown)",
            diag_name(name).text);
    }
    return STATUS_OK;
}

enum status journal_supersede(struct interrupted *interrupted)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < interrupted->count; i++)
        status = staging_remove(&interrupted->begun[i]);
    return status;
}

void journal_close(struct interrupted *interrupted)
{
    for (size_t i = 0; i < interrupted->count; i++)
        staging_leave(&interrupted->begun[i]);
    free(interrupted->begun);
    *interrupted = (struct interrupted){0};
}
