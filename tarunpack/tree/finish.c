#include "tree/parts.h"

#include "diag.h"
#include "place/remove.h"
#include "tar_entry.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* A file system without attributes has none that could be misunderstood. */
static enum status root_mark(const struct tree *tree, int fd)
{
    if (!tree->root_mark || fsetxattr(fd, tree->root_mark, "y", 1, 0) == 0 || errno == EOPNOTSUPP)
        return STATUS_OK;
    return diag_failed(TAR_ROOT, "mark it");
}

/* Sets the directory's final metadata. */
static enum status directory_finish(struct tree *tree, const struct dirnode *node, int fd,
                                    const char *path)
{
    struct meta_inode inode = {.fd = fd, .path = path, .mode = TREE_UNFINISHED};
    enum status status = marks_finish(&tree->marks, node, &inode);
    if (status == STATUS_OK && !node->name)
        status = root_mark(tree, fd);
    if (status != STATUS_OK)
        return status;
    if (node->explicit)
        return meta_apply(&tree->options.policy, &inode, &node->meta, node->xattrs);
    if (!node->name)
        return meta_apply(&tree->options.policy, &inode, &tree->options.root, NULL);
    return fchmod(fd, 0755) == 0 ? STATUS_OK : diag_failed(path, "set its mode");
}

/* Leaves the cursor's directory, and only then finishes it: its final mode may not allow opening
 * "..". `path` is a buffer for its path. */
static enum status finish_and_leave(struct tree *tree, const struct dirnode *node, struct buf *path)
{
    const char *here = dirs_path(&tree->cursor.dirs);
    if (buf_set_text(path, here, strlen(here)) != 0)
        return diag_no_memory();
    int fd = dirs_detach(&tree->cursor.dirs);
    if (fd < 0)
        return diag_failed(path->bytes, "return to the parent directory");
    enum status status = directory_finish(tree, node, fd, path->bytes);
    close(fd);
    return status;
}

static enum status enter_again(struct tree *tree, const char *name, uint32_t node)
{
    if (cursor_enter(&tree->cursor, name, node) == 0)
        return STATUS_OK;
    const char *above = dirs_path(&tree->cursor.dirs);
    return diag_errno("%s%s%s: cannot enter directory", diag_name(above).text, *above ? "/" : "",
                      diag_name(name).text);
}

/* Walks the tree, children before parents. */
static enum status directories_finish(struct tree *tree)
{
    struct buf path = {0};
    enum status status = tree_move(tree, "", 0, NULL);
    for (uint32_t at = DIRTREE_ROOT; status == STATUS_OK && at != DIRTREE_NONE;) {
        struct dirnode *node = dirtree_node(&tree->cursor.made, at);
        uint32_t child = node->first_child;
        if (child != DIRTREE_NONE) {
            const struct dirnode *below = dirtree_node(&tree->cursor.made, child);
            node->first_child = below->next_sibling;
            if (!below->name)
                continue;
            status = enter_again(tree, below->name, child);
            at = child;
        } else {
            status = at == DIRTREE_ROOT
                         ? directory_finish(tree, node, cursor_fd(&tree->cursor), TAR_ROOT)
                         : finish_and_leave(tree, node, &path);
            at = node->parent;
        }
    }
    buf_free(&path);
    return status;
}

/* Removes the cursor's subdirectory of that node, and whites out its name instead. */
static enum status vacant_replace(struct tree *tree, uint32_t index, const char *path)
{
    struct dirnode *node = dirtree_node(&tree->cursor.made, index);
    struct buf name = {0};
    enum status status = STATUS_OK;
    if (buf_append_text(&name, node->name) != 0)
        return diag_no_memory();
    dirtree_remove(&tree->cursor.made, index);
    status = remove_tree(cursor_fd(&tree->cursor), name.bytes, path);
    if (status == STATUS_OK && tree->options.form == TREE_OVERLAY)
        status = marks_whiteout(&tree->marks, &tree->cursor, name.bytes, path);
    buf_free(&name);
    return status;
}

/* Whether the name of the directory in the cursor's directory is whited out. */
static bool is_whited_out(const struct tree *tree, const struct dirnode *node, const char *path)
{
    switch (tree->options.form) {
    case TREE_OVERLAY:
        return node->whited_out;
    case TREE_LAYER:
        return layer_is_whited_out(cursor_fd(&tree->cursor), node->name);
    case TREE_PLAIN:
        break;
    }
    return left_out_has(&tree->gone, path);
}

/* A directory that exists only as the parent of whiteouts, and whose name is whited out, is gone:
 * no layer has an entry for it. */
static enum status vacant_remove(struct tree *tree, uint32_t index, struct buf *path)
{
    struct dirnode *node = dirtree_node(&tree->cursor.made, index);
    if (node->explicit || node->filled)
        return STATUS_OK;
    int result = dirtree_path(&tree->cursor.made, index, path);
    if (result != 0)
        return result > 0 ? STATUS_OK : diag_no_memory();
    size_t above = path->length - strlen(node->name);
    enum status status = tree_move(tree, path->bytes, above > 0 ? above - 1 : 0, NULL);
    if (status == STATUS_OK && is_whited_out(tree, node, path->bytes))
        status = vacant_replace(tree, index, path->bytes);
    return status;
}

static enum status vacants_remove(struct tree *tree)
{
    struct buf path = {0};
    enum status status = STATUS_OK;
    dirtree_fill(&tree->cursor.made);
    for (uint32_t i = 1; status == STATUS_OK && i < tree->cursor.made.count; i++)
        status = vacant_remove(tree, i, &path);
    buf_free(&path);
    return status;
}

enum status tree_finish(struct tree *tree)
{
    enum status status = crew_settle(&tree->crew);
    crew_stop(&tree->crew);
    if (status == STATUS_OK)
        status = vacants_remove(tree);
    if (status != STATUS_OK)
        return status;
    /* A staged layer's directories keep their mode; their metadata is in the marks. */
    return tree->options.form == TREE_LAYER ? layer_links_flush(&tree->links)
                                            : directories_finish(tree);
}
