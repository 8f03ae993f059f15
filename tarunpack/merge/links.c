#include "merge/links.h"

#include "diag.h"
#include "place/openat2.h"
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status refuse(const char *path, const char *target, const char *why)
{
    diag_error("%s: links to %s, which %s", diag_name(path).text, diag_name(target).text, why);
    return STATUS_ARCHIVE;
}

/* A link of the list, known by its path. All texts are the list's. */
struct link {
    const char *path;
    const char *source; /* the entry of `onto` that it leads to, also through earlier links */
    bool made;
};

/* The links of the list that were looked at so far: a tree of tsearch(3). */
struct links {
    const struct merge_trees *trees;
    void *seen;
};

static int link_compare(const void *left, const void *right)
{
    return strcmp(((const struct link *)left)->path, ((const struct link *)right)->path);
}

static struct link *link_find(const struct links *links, const char *path)
{
    const struct link wanted = {.path = path};
    void *found = tfind(&wanted, &links->seen, link_compare);
    return found ? *(struct link **)found : NULL;
}

/* The record of the link at `path`, added if need be; NULL if memory is out. */
static struct link *link_add(struct links *links, const char *path)
{
    struct link *link = link_find(links, path);
    if (link)
        return link;
    link = calloc(1, sizeof *link);
    if (!link)
        return NULL;
    link->path = path;
    if (tsearch(link, &links->seen, link_compare))
        return link;
    free(link);
    return NULL;
}

/* Links to the target beneath `root`. Returns 0; 1 if it does not exist; -1 with errno set, EISDIR
 * for a directory. */
static int link_beneath(int root, const char *target, int parent, const char *name)
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
    }
    stream_close(from);
    return result;
}

/* Links to what the link leads to. After an interrupted merge of the same layer that is the link
 * which that merge made: it is still in its tree, or was moved to `onto`. Its target there may have
 * been deleted, or replaced by the layer, since. */
static int source_link(const struct merge_trees *trees, const struct link *link, int parent,
                       const char *name)
{
    const struct interrupted *interrupted = trees->interrupted;
    if (interrupted->count == 0)
        return link_beneath(trees->onto, link->source, parent, name);
    int result = 1;
    for (size_t i = 0; result == 1 && i < interrupted->count; i++) {
        if (interrupted->begun[i].tree >= 0)
            result = link_beneath(interrupted->begun[i].tree, link->path, parent, name);
    }
    return result == 1 ? link_beneath(trees->onto, link->path, parent, name) : result;
}

/* Makes way for the link. Returns 0; 1 if an entry of the layer that comes later has the name, and
 * wins; -1 with errno set. */
static int name_clear(const struct link *link, int parent, const char *name)
{
    struct stat status;
    if (link->made) /* by an earlier line of the list */
        return unlinkat(parent, name, 0);
    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
        return 1;
    return errno == ENOENT ? 0 : -1;
}

static enum status link_make(const struct merge_trees *trees, struct link *link, const char *target)
{
    const char *name = NULL;
    int parent = openat2_parent(trees->layer, link->path, &name);
    if (parent < 0 && openat2_is_missing(errno)) {
        diag_error("%s: a parent in the path is not a directory", diag_name(link->path).text);
        return STATUS_ARCHIVE;
    }
    if (parent < 0)
        return diag_failed(link->path, "open its parent directory");
    int result = name_clear(link, parent, name);
    if (result == 0) {
        result = source_link(trees, link, parent, name);
        link->made = result == 0;
        if (result == 1)
            errno = ENOENT;
    } else if (result == 1) {
        result = 0;
    }
    int error = errno;
    close(parent);
    if (result == 0)
        return STATUS_OK;
    if (error == ENOENT)
        return refuse(link->path, target, "does not exist");
    if (error == EISDIR)
        return refuse(link->path, target, "is a directory");
    errno = error;
    return diag_failed(link->path, "create hard link");
}

/* Takes a line of the list: in order, as if each link were made when the archive names it. */
static enum status line_take(struct links *links, const char *path, const char *target)
{
    const struct link *through = link_find(links, target);
    const char *source = through ? through->source : target;
    struct link *link = link_add(links, path);
    if (!link)
        return diag_no_memory();
    link->source = source;
    return link_make(links->trees, link, target);
}

static enum status list_failed(const struct merge_trees *trees)
{
    return diag_failed(trees->path, "read the list of hard links in it");
}

static enum status list_read(struct links *links, const char *list, size_t length)
{
    enum status status = STATUS_OK;
    for (size_t at = 0; status == STATUS_OK && at < length;) {
        const char *path = list + at;
        const char *target = memchr(path, '\0', length - at);
        const char *end =
            target ? memchr(target + 1, '\0', length - (size_t)(target + 1 - list)) : NULL;
        if (!end) {
            errno = EIO; /* truncated */
            return list_failed(links->trees);
        }
        status = line_take(links, path, target + 1);
        at = (size_t)(end + 1 - list);
    }
    return status;
}

enum status merge_links_make(const struct merge_trees *trees, bool *made)
{
    struct stat file;
    if (fstat(trees->links, &file) != 0)
        return list_failed(trees);
    size_t length = (size_t)file.st_size;
    *made = length > 0;
    if (length == 0)
        return STATUS_OK;
    char *list = mmap(NULL, length, PROT_READ, MAP_PRIVATE, trees->links, 0);
    if (list == MAP_FAILED)
        return list_failed(trees);
    struct links links = {.trees = trees};
    enum status status = list_read(&links, list, length);
    tdestroy(links.seen, free);
    (void)munmap(list, length);
    return status;
}
