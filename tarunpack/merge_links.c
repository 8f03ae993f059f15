#include "merge_links.h"

#include "diag.h"
#include "openat2.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status failed(const char *path, const char *what)
{
    diag_errno("%s: cannot %s", diag_name(path).text, what);
    return STATUS_SYSTEM;
}

static enum status refuse(const char *path, const char *target, const char *why)
{
    diag_error("%s: links to %s, which %s", diag_name(path).text, diag_name(target).text, why);
    return STATUS_ARCHIVE;
}

/* Links to the target below `root`. Returns 0; 1 where it is not there; -1 with errno set, EISDIR
 * for a directory. */
static int link_below(int root, const char *target, int parent, const char *name)
{
    const char *old = NULL;
    struct stat status;
    int from = openat2_parent(root, target, &old);
    if (from < 0)
        return openat2_is_missing(errno) ? 1 : -1;
    int result = fstatat(from, old, &status, AT_SYMLINK_NOFOLLOW);
    if (result != 0 && errno == ENOENT) {
        result = 1;
    } else if (result == 0 && S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        result = -1;
    } else if (result == 0) {
        result = linkat(from, old, parent, name, 0);
        /* A later entry of the layer has the name by now: that one counts. */
        if (result != 0 && errno == EEXIST)
            result = 0;
    }
    int error = errno;
    close(from);
    errno = error;
    return result;
}

static enum status link_make(const struct merge_trees *trees, const char *path, const char *target)
{
    const char *name = NULL;
    int parent = openat2_parent(trees->layer, path, &name);
    if (parent < 0)
        return failed(path, "find its directory");
    int result = link_below(trees->layer, target, parent, name);
    if (result == 1)
        result = link_below(trees->onto, target, parent, name);
    if (result == 1 && trees->interrupted >= 0)
        result = link_below(trees->interrupted, path, parent, name);
    if (result == 1 && trees->interrupted >= 0)
        result = link_below(trees->onto, path, parent, name);
    int error = errno;
    close(parent);
    if (result == 0)
        return STATUS_OK;
    if (result == 1)
        return refuse(path, target, "is not there");
    if (error == EISDIR)
        return refuse(path, target, "is a directory");
    errno = error;
    return failed(path, "create hard link");
}

enum status merge_links_make(const struct merge_trees *trees)
{
    char *path = NULL, *target = NULL;
    size_t path_size = 0, target_size = 0;
    int copy = dup(trees->links);
    FILE *list = copy < 0 ? NULL : fdopen(copy, "r");
    if (!list)
        return failed("staging directory", "read the list of links");
    rewind(list);
    enum status status = STATUS_OK;
    while (status == STATUS_OK && getdelim(&path, &path_size, '\0', list) > 0 &&
           getdelim(&target, &target_size, '\0', list) > 0)
        status = link_make(trees, path, target);
    if (status == STATUS_OK && ferror(list))
        status = failed("staging directory", "read the list of links");
    free(path);
    free(target);
    (void)fclose(list);
    return status;
}
