#include "merge/links.h"

#include "diag.h"
#include "place/openat2.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status refuse(const char *path, const char *target, const char *why)
{
    diag_error("%s: links to %s, which %s", diag_name(path).text, diag_name(target).text, why);
    return STATUS_ARCHIVE;
}

/* Links to the target below `root`. Returns 0; 1 if it does not exist; -1 with errno set, EISDIR
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
        /* A later entry of the layer has the name now, and wins. */
        if (result != 0 && errno == EEXIST)
            result = 0;
    }
    int error = errno;
    close(from);
    errno = error;
    return result;
}

/* Links to the link that an interrupted merge of the layer has created. */
static int link_again(const struct merge_trees *trees, const char *path, int parent,
                      const char *name)
{
    const struct journal *journal = trees->interrupted;
    int result = 1;
    for (size_t i = 0; result == 1 && i < journal->count; i++) {
        if (journal->begun[i].tree >= 0)
            result = link_below(journal->begun[i].tree, path, parent, name);
    }
    if (result == 1 && journal->count > 0)
        result = link_below(trees->onto, path, parent, name);
    return result;
}

static enum status link_make(const struct merge_trees *trees, const char *path, const char *target)
{
    const char *name = NULL;
    int parent = openat2_parent(trees->layer, path, &name);
    if (parent < 0)
        return diag_failed(path, "open its parent directory");
    int result = link_below(trees->layer, target, parent, name);
    if (result == 1)
        result = link_below(trees->onto, target, parent, name);
    if (result == 1)
        result = link_again(trees, path, parent, name);
    int error = errno;
    close(parent);
    if (result == 0)
        return STATUS_OK;
    if (result == 1)
        return refuse(path, target, "does not exist");
    if (error == EISDIR)
        return refuse(path, target, "is a directory");
    errno = error;
    return diag_failed(path, "create hard link");
}

static enum status list_failed(void)
{
    return diag_failed("staging directory", "read the list of links");
}

static enum status links_make(const struct merge_trees *trees, const char *list, size_t length)
{
    enum status status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < length;) {
        const char *path = list + at;
        const char *target = memchr(path, '\0', length - at);
        const char *end =
            target ? memchr(target + 1, '\0', length - (size_t)(target + 1 - list)) : NULL;
        if (!end) {
            errno = EIO; /* truncated */
            return list_failed();
        }
        status = link_make(trees, path, target + 1);
        at = (size_t)(end + 1 - list);
    }
    return status;
}

enum status merge_links_make(const struct merge_trees *trees, bool *made)
{
    struct stat file;
    if (fstat(trees->links, &file) != 0)
        return list_failed();
    size_t length = (size_t)file.st_size;
    *made = length > 0;
    if (length == 0)
        return STATUS_OK;
    char *list = mmap(NULL, length, PROT_READ, MAP_PRIVATE, trees->links, 0);
    if (list == MAP_FAILED)
        return list_failed();
    enum status status = links_make(trees, list, length);
    (void)munmap(list, length);
    return status;
}
