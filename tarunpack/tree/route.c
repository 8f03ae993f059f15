#include "tree/route.h"

#include "diag.h"
#include "dirs.h"
#include "place/openat2.h"
#include "staging_name.h"
#include "stream.h"
#include "tar_path.h"
#include "tree/layer.h"
#include "whiteout.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As in the kernel: path_resolution(7). */
#define LINKS_MAX 40

/* Each component is looked up from the root again, so an archive must not ask for many. */
#define COMPONENTS_MAX 1024

struct effort {
    unsigned links, components;
};

enum found { FOUND_NOTHING, FOUND_DIRECTORY, FOUND_LINK, FOUND_OTHER };

/* Looks at `path` beneath `root`. Of a link, stores the target; `status` is that of the entry. What
 * cannot be looked at, such as an entry on another mount, is none: nothing will be put there
 * without another look. */
static enum found look(int root, const char *path, char target[static PATH_MAX],
                       struct stat *status)
{
    static const enum found kinds[] = {[S_IFDIR >> 12] = FOUND_DIRECTORY,
                                       [S_IFLNK >> 12] = FOUND_LINK};
    const char *name = NULL;
    enum found found = FOUND_NOTHING;
    int parent = root < 0 ? -1 : openat2_parent(root, path, &name);
    if (parent < 0)
        return FOUND_NOTHING;
    if (fstatat(parent, name, status, AT_SYMLINK_NOFOLLOW) == 0) {
        size_t type = (status->st_mode & S_IFMT) >> 12;
        found = type < sizeof kinds / sizeof kinds[0] ? kinds[type] : FOUND_NOTHING;
        found = found == FOUND_NOTHING ? FOUND_OTHER : found;
    }
    ssize_t length = found == FOUND_LINK ? readlinkat(parent, name, target, PATH_MAX - 1) : 0;
    stream_close(parent);
    if (length < 0)
        return FOUND_NOTHING;
    target[length] = '\0';
    return found;
}

/* Whether only this user can come to the root of the tree, as to that of an image which is being
 * unpacked. */
static bool is_private(int root)
{
    struct stat above;
    return fstatat(root, "..", &above, AT_SYMLINK_NOFOLLOW) == 0 && above.st_uid == geteuid() &&
           (above.st_mode & (S_IXGRP | S_IXOTH)) == 0;
}

/* Whether a link may be followed, by the kernel's rule for fs.protected_symlinks (proc(5)): in a
 * directory such as /tmp only the owner of the link, or that of the directory, decides. */
static bool is_trusted(int root, const char *path, const struct stat *link)
{
    struct stat above;
    const char *name = NULL;
    int parent = openat2_parent(root, path, &name);
    bool known = parent >= 0 && fstat(parent, &above) == 0;
    stream_close(parent);
    const mode_t shared = S_ISVTX | S_IWOTH;
    return known && ((above.st_mode & shared) != shared || link->st_uid == geteuid() ||
                     link->st_uid == above.st_uid || is_private(root));
}

static bool is_whited_out(int parent, const char *name)
{
    struct stat status;
    return layer_is_whited_out(parent, name) ||
           fstatat(parent, WHITEOUT_OPAQUE_NAME, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Whether the layer has whited out `path`, or a directory above it. */
static bool is_gone(const struct route *route, const char *path)
{
    int at = dirs_open(route->tree, ".");
    bool gone = false;
    while (at >= 0 && !gone && *path) {
        char name[TAR_NAME_MAX + 1];
        size_t length = strcspn(path, "/");
        memcpy(name, path, length);
        name[length] = '\0';
        gone = is_whited_out(at, name);
        int next = dirs_open(at, name);
        close(at);
        at = next;
        path += length + (path[length] == '/');
    }
    stream_close(at);
    return gone;
}

bool route_is_link_below(const struct route *route, const char *path)
{
    char target[PATH_MAX];
    struct stat status;
    return route->below >= 0 && look(route->below, path, target, &status) == FOUND_LINK &&
           !is_gone(route, path);
}

static enum status refuse(struct route *route, const char *why)
{
    route->problem = why;
    return STATUS_ARCHIVE;
}

/* Removes the last component. */
static void path_cut(struct buf *path)
{
    while (path->length > 0 && path->bytes[path->length - 1] != '/')
        path->length--;
    path->length -= path->length > 0;
    path->bytes[path->length] = '\0';
}

static int path_append(struct buf *path, const char *name, size_t length)
{
    if (path->length > 0 && buf_append(path, "/", 1) != 0)
        return -1;
    return buf_append(path, name, length);
}

/* Names that a link must not lead to: those of marks and of a merge's staging directory. */
static bool is_reserved(const struct route *route, const char *name, size_t length)
{
    char text[TAR_NAME_MAX + 1];
    memcpy(text, name, length);
    text[length] = '\0';
    return strncmp(text, WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) == 0 ||
           (route->path.length == 0 && staging_name_is(text, STAGING_MERGE));
}

/* Replaces what is still to be resolved by the link's target and that. */
static int link_follow(struct route *route, const char *target)
{
    struct buf rest = {0};
    if (buf_append_text(&rest, target) != 0 || buf_append(&rest, "/", 1) != 0 ||
        buf_append_text(&rest, route->rest.bytes) != 0) {
        buf_free(&rest);
        return -1;
    }
    if (target[0] == '/')
        (void)buf_set_text(&route->path, "", 0); /* has room: it is not empty */
    else
        path_cut(&route->path);
    buf_free(&route->rest);
    route->rest = rest;
    return 0;
}

/* Looks at route->path, and follows a link there. */
static enum status component_look(struct route *route, struct effort *effort)
{
    char target[PATH_MAX];
    struct stat status;
    enum found found = look(route->tree, route->path.bytes, target, &status);
    bool below = found == FOUND_NOTHING;
    if (below)
        found = look(route->below, route->path.bytes, target, &status);
    if (below && found != FOUND_NOTHING && found != FOUND_DIRECTORY &&
        is_gone(route, route->path.bytes))
        return STATUS_OK;
    if (found == FOUND_OTHER)
        return refuse(route, "is not a directory");
    if (found != FOUND_LINK)
        return STATUS_OK;
    if (below && !is_trusted(route->below, route->path.bytes, &status))
        return refuse(route, "is another user's symbolic link in a directory that all can write");
    if (++effort->links > LINKS_MAX)
        return refuse(route, "goes through too many symbolic links");
    return link_follow(route, target) == 0 ? STATUS_OK : diag_no_memory();
}

/* Takes the next component of the rest. */
static enum status component_take(struct route *route, struct effort *effort)
{
    const char *name = route->rest.bytes;
    size_t length = strcspn(name, "/");
    int result = 0;
    if (length > TAR_NAME_MAX || route->path.length + length >= PATH_MAX ||
        ++effort->components > COMPONENTS_MAX)
        return refuse(route, "is a symbolic link to a path that is too long");
    bool empty = length == 0 || (length == 1 && name[0] == '.');
    bool up = length == 2 && name[0] == '.' && name[1] == '.';
    if (up)
        path_cut(&route->path);
    else if (!empty && is_reserved(route, name, length))
        return refuse(route, "is a symbolic link to a reserved name");
    else if (!empty)
        result = path_append(&route->path, name, length);
    length += name[length] == '/';
    memmove(route->rest.bytes, name + length, route->rest.length - length + 1);
    route->rest.length -= length;
    if (result != 0)
        return diag_no_memory();
    return up || empty ? STATUS_OK : component_look(route, effort);
}

enum status route_find(struct route *route, const char *path, size_t length)
{
    struct effort effort = {0};
    enum status status = STATUS_OK;
    if (buf_set_text(&route->rest, path, length) != 0 || buf_set_text(&route->path, "", 0) != 0)
        return diag_no_memory();
    while (status == STATUS_OK && route->rest.length > 0)
        status = component_take(route, &effort);
    return status;
}

void route_free(struct route *route)
{
    buf_free(&route->path);
    buf_free(&route->rest);
}
