#include "tree/parts.h"

#include "diag.h"
#include "place/openat2.h"
#include "place/remove.h"
#include "tar_entry.h"
#include "tar_path.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status parent_refuse(const char *path)
{
    diag_error("%s: a parent in the path is not a directory", diag_name(path).text);
    return STATUS_ARCHIVE;
}

/* Creates a directory. Another type of entry with its name is replaced, or if `blocked` is not
 * NULL, stays, which is stored there. A whiteout is always replaced, and the new directory becomes
 * opaque: it must still hide the one in the lower layers. */
static enum status directory_make(struct tree *tree, const char *name, const char *path,
                                  bool *blocked)
{
    int here = cursor_fd(&tree->cursor);
    struct stat status;
    if (mkdirat(here, name, TREE_UNFINISHED) == 0)
        return STATUS_OK;
    if (errno != EEXIST || fstatat(here, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return diag_failed(path, "create directory");
    if (S_ISDIR(status.st_mode))
        return STATUS_OK;
    bool opaque = false;
    if (tree_is_whiteout(tree, here, name, &status, &opaque) != 0)
        return diag_failed(path, "create directory");
    if (blocked && !opaque) {
        *blocked = true;
        return STATUS_OK;
    }
    if (unlinkat(here, name, 0) != 0 || mkdirat(here, name, TREE_UNFINISHED) != 0)
        return diag_failed(path, "replace with a directory");
    uint32_t node = cursor_add(&tree->cursor, name);
    if (node == DIRTREE_NONE)
        return diag_no_memory();
    dirtree_node(&tree->cursor.made, node)->opaque |= opaque;
    dirtree_node(&tree->cursor.made, node)->whited_out |= opaque;
    return STATUS_OK;
}

/* Whether `name`, which the cursor cannot enter, is a symbolic link: of the tree, or if there is no
 * such name, of the directory that the tree will be merged onto. */
static enum status link_look(struct tree *tree, const char *name, const char *path, bool *is)
{
    struct stat status;
    *is = false;
    if (fstatat(cursor_fd(&tree->cursor), name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
        *is = S_ISLNK(status.st_mode);
        return STATUS_OK;
    }
    if (errno != ENOENT)
        return diag_failed(path, "read its status");
    if (tree->route.below < 0)
        return STATUS_OK;
    struct buf full = {0};
    const char *here = dirs_path(&tree->cursor.dirs);
    if (buf_append_text(&full, here) != 0 || buf_append_text(&full, *here ? "/" : "") != 0 ||
        buf_append_text(&full, name) != 0) {
        buf_free(&full);
        return diag_no_memory();
    }
    *is = route_is_link_below(&tree->route, full.bytes);
    buf_free(&full);
    return STATUS_OK;
}

/* What the cursor cannot enter. */
struct obstacle {
    bool link;  /* a symbolic link */
    bool other; /* no directory */
};

/* Moves the cursor into the directory `name`, creating it if it is missing, unless there is an
 * obstacle. */
static enum status enter(struct tree *tree, const char *name, const char *path,
                         struct obstacle *obstacle)
{
    struct cursor *cursor = &tree->cursor;
    enum status status = tree_settle(tree, name);
    if (status != STATUS_OK)
        return status;
    uint32_t node = cursor_find(cursor, name);
    if (node != DIRTREE_NONE && cursor_enter(cursor, name, node) == 0)
        return STATUS_OK;
    if (node != DIRTREE_NONE && !openat2_is_missing(errno))
        return diag_failed(path, "enter directory");
    status = link_look(tree, name, path, &obstacle->link);
    if (status != STATUS_OK || obstacle->link)
        return status;
    status = directory_make(tree, name, path, &obstacle->other);
    if (status != STATUS_OK || obstacle->other)
        return status;
    node = cursor_add(cursor, name);
    if (node == DIRTREE_NONE)
        return diag_no_memory();
    dirtree_node(&cursor->made, node)->implied = true;
    tree->implied++;
    return cursor_enter(cursor, name, node) == 0 ? STATUS_OK : diag_failed(path, "enter directory");
}

/* Moves the cursor; stops before an obstacle. `shown` is for messages. */
static enum status move(struct tree *tree, const char *path, size_t length, const char *shown,
                        struct obstacle *obstacle)
{
    ssize_t at = cursor_leave(&tree->cursor, path, length);
    enum status status = STATUS_OK;
    *obstacle = (struct obstacle){0};
    if (at < 0)
        return diag_failed(shown, "return to the parent directory");
    for (size_t next = (size_t)at; next < length && status == STATUS_OK;) {
        char name[TAR_NAME_MAX + 1];
        next += path[next] == '/';
        const char *slash = memchr(path + next, '/', length - next);
        size_t used = slash ? (size_t)(slash - path) - next : length - next;
        memcpy(name, path + next, used);
        name[used] = '\0';
        status = enter(tree, name, shown, obstacle);
        next += used;
        if (obstacle->link || obstacle->other)
            break;
    }
    return status;
}

enum status tree_move(struct tree *tree, const char *path, size_t length, bool *blocked)
{
    struct obstacle obstacle;
    enum status status = move(tree, path, length, path, &obstacle);
    if (status == STATUS_OK && obstacle.link) {
        status = route_find(&tree->route, path, length);
        if (status == STATUS_ARCHIVE)
            diag_error("%s: a parent in the path %s", diag_name(path).text, tree->route.problem);
        if (status != STATUS_OK)
            return status;
        status = move(tree, tree->route.path.bytes, tree->route.path.length, path, &obstacle);
    }
    if (blocked)
        *blocked = obstacle.other;
    bool refused = obstacle.link || (obstacle.other && !blocked);
    return status == STATUS_OK && refused ? parent_refuse(path) : status;
}

bool tree_is_at_root(const struct tree *tree)
{
    return cursor_index(&tree->cursor) == DIRTREE_ROOT;
}

/* Sets the attributes that can be set now, and keeps the others for tree_finish(). */
static enum status attributes_set(struct tree *tree, struct dirnode *node, int fd, const char *path,
                                  const struct xattrs *xattrs)
{
    struct meta_inode inode = {.fd = fd, .path = path};
    struct xattrs late = {0};
    /* If a directory has two entries, the later one wins. */
    if (node->explicit && meta_remove_xattrs(fd, xattrs, false) != 0)
        return diag_failed(path, "replace its attributes");
    enum status status = meta_apply_early(&tree->options.policy, &inode, xattrs, &late);
    tree->kept += late.text.length - (node->xattrs ? node->xattrs->text.length : 0);
    if (status == STATUS_OK && dirtree_keep(node, &late) != 0)
        status = diag_no_memory();
    xattrs_free(&late);
    return status;
}

/* Stores the metadata of a directory's entry. */
static enum status directory_note(struct tree *tree, uint32_t index, const char *name,
                                  const char *path, const struct meta *meta,
                                  const struct xattrs *xattrs)
{
    struct dirnode *node = dirtree_node(&tree->cursor.made, index);
    enum status status = STATUS_OK;
    if (tree->options.form == TREE_LAYER || node->explicit || xattrs->count > 0) {
        int fd = dirs_open(cursor_fd(&tree->cursor), name);
        if (fd < 0)
            return diag_failed(path, "open directory");
        status = tree->options.form == TREE_LAYER
                     ? layer_mark(fd, path, &tree->options.policy, meta, xattrs)
                     : attributes_set(tree, node, fd, path, xattrs);
        close(fd);
    }
    node->meta = *meta;
    node->explicit = true;
    tree->implied -= node->implied; /* it has an entry now */
    node->implied = false;
    return status;
}

enum status tree_directory(struct tree *tree, const char *name, const char *path,
                           const struct meta *meta, const struct xattrs *xattrs)
{
    if (strcmp(name, TAR_ROOT) == 0)
        return directory_note(tree, DIRTREE_ROOT, name, path, meta, xattrs);
    enum status status = tree_settle(tree, name);
    if (status == STATUS_OK)
        status = directory_make(tree, name, path, NULL);
    if (status != STATUS_OK)
        return status;
    uint32_t node = cursor_add(&tree->cursor, name);
    if (node == DIRTREE_NONE)
        return diag_no_memory();
    return directory_note(tree, node, name, path, meta, xattrs);
}

/* Whether the cursor's subdirectory is there only as the parent of entries: readers agree that a
 * later entry replaces it, with all in it. */
static bool is_implied(const struct tree *tree, const char *name)
{
    uint32_t node = cursor_find(&tree->cursor, name);
    return node != DIRTREE_NONE && !dirtree_node(&tree->cursor.made, node)->explicit;
}

static enum status directory_remove(struct tree *tree, const char *name, const char *path)
{
    int here = cursor_fd(&tree->cursor);
    /* Files for it may be waiting. */
    enum status status = crew_settle(&tree->crew);
    if (status != STATUS_OK || unlinkat(here, name, AT_REMOVEDIR) == 0)
        return status;
    if (errno != ENOTEMPTY && errno != EEXIST)
        return diag_failed(path, "replace");
    if (is_implied(tree, name))
        return remove_tree(here, name, path);
    if (tree->options.form == TREE_LAYER)
        return layer_directory_remove(here, name, path);
    diag_error("%s: would replace a directory that is not empty", diag_name(path).text);
    return STATUS_ARCHIVE;
}

enum status tree_drop(struct tree *tree, const char *name)
{
    uint32_t node = dirtree_find(&tree->cursor.made, DIRTREE_ROOT, name, strlen(name));
    if (node == DIRTREE_NONE)
        return STATUS_OK;
    enum status status = crew_settle(&tree->crew);
    if (status == STATUS_OK)
        status = tree_move(tree, "", 0, NULL);
    if (status == STATUS_OK)
        status = remove_tree(cursor_fd(&tree->cursor), name, name);
    dirtree_remove(&tree->cursor.made, node);
    return status;
}

enum status tree_make_room(struct tree *tree, const char *name, const char *path)
{
    if (unlinkat(cursor_fd(&tree->cursor), name, 0) == 0)
        return STATUS_OK;
    if (errno != EISDIR)
        return diag_failed(path, "replace");
    enum status status = directory_remove(tree, name, path);
    if (status != STATUS_OK)
        return status;
    uint32_t node = cursor_find(&tree->cursor, name);
    if (node != DIRTREE_NONE)
        dirtree_remove(&tree->cursor.made, node);
    return STATUS_OK;
}
