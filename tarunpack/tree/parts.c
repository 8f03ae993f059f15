#include "tree/parts.h"

#include "diag.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status parts_start(struct tree *tree, int fd)
{
    struct tree_options *options = &tree->options;
    struct stat status;
    if (cursor_start(&tree->cursor, fd) != 0)
        return diag_failed(options->directory, "open the new tree");
    tree->route = (struct route){.tree = fd, .below = options->below};
    /* The file system decides the owner of new inodes (grpid, idmapped mounts). */
    if (fstat(fd, &status) != 0)
        return diag_failed(options->directory, "read the status of the new tree");
    options->policy.uid = status.st_uid;
    options->policy.gid = status.st_gid;
    options->policy.exact_times = meta_times_are_exact(fd);
    tree->rules = (struct file_rules){
        .policy = &options->policy, .no_holes = options->no_holes, .sync = options->sync};
    if (options->jobs > 1)
        crew_start(&tree->crew, &tree->rules, options->jobs);
    flusher_start(&tree->flusher, fd, options->sync && options->jobs > 1);
    return STATUS_OK;
}

struct tree *tree_new(const struct tree_options *options, int fd)
{
    struct tree *tree = calloc(1, sizeof *tree);
    if (!tree) {
        (void)diag_no_memory();
        close(fd);
        return NULL;
    }
    tree->options = *options;
    tree->marks = (struct marks){.space = options->overlay, .trusted = options->policy.trusted};
    tree->links = (struct layer_links){.fd = options->links, .directory = options->directory};
    if (parts_start(tree, fd) == STATUS_OK)
        return tree;
    tree_free(tree);
    return NULL;
}

enum status tree_settle(struct tree *tree, const char *name)
{
    return crew_settle_name(&tree->crew, cursor_index(&tree->cursor), name);
}

int tree_is_whiteout(const struct tree *tree, int here, const char *name, const struct stat *status,
                     bool *is)
{
    *is = false;
    if (tree->options.form != TREE_OVERLAY)
        return 0;
    return marks_is_whiteout(&tree->marks, here, name, status, is);
}

void tree_entry(struct tree *tree)
{
    cursor_node(&tree->cursor)->filled = true;
}

/* There is nothing below to hide. Only a directory that has whiteouts in it does not appear; in an
 * archive with more whiteouts than this, which is no first layer, it may. */
#define GONE_MAX (16 << 20)

static enum status plain_whiteout(struct tree *tree, const char *name)
{
    struct buf path = {0};
    const char *here = dirs_path(&tree->cursor.dirs);
    int result = 0;
    if (tree->gone.bytes >= GONE_MAX)
        return STATUS_OK;
    if (buf_append_text(&path, here) != 0 || buf_append_text(&path, *here ? "/" : "") != 0 ||
        buf_append_text(&path, name) != 0)
        result = -1;
    if (result == 0)
        result = left_out_add(&tree->gone, path.bytes);
    buf_free(&path);
    return result == 0 ? STATUS_OK : diag_no_memory();
}

enum status tree_whiteout(struct tree *tree, const char *name, const char *path)
{
    enum status settled = tree_settle(tree, name);
    if (settled != STATUS_OK)
        return settled;
    if (tree->options.form == TREE_PLAIN)
        return plain_whiteout(tree, name);
    return tree->options.form == TREE_OVERLAY
               ? marks_whiteout(&tree->marks, &tree->cursor, name, path)
               : layer_whiteout(cursor_fd(&tree->cursor), name, path);
}

enum status tree_opaque(struct tree *tree, const char *path)
{
    if (tree->options.form == TREE_PLAIN)
        return STATUS_OK;
    if (tree->options.form == TREE_OVERLAY && tree->marks.space == OVERLAY_USER)
        tree_show_space(tree, OVERLAY_USER);
    return tree->options.form == TREE_OVERLAY ? marks_opaque(&tree->marks, &tree->cursor, path)
                                              : layer_opaque(cursor_fd(&tree->cursor), path);
}

void tree_show_space(struct tree *tree, enum overlay_space space)
{
    tree->root_mark = overlay_impure(space);
}

enum status tree_sync(struct tree *tree)
{
    return flusher_stop(&tree->flusher) == 0 && syncfs(cursor_fd(&tree->cursor)) == 0
               ? STATUS_OK
               : diag_failed(tree->options.directory, "sync");
}

uint64_t tree_implied(const struct tree *tree)
{
    return tree->implied;
}

uint64_t tree_kept(const struct tree *tree)
{
    return tree->kept + tree->left_out.bytes;
}

struct meta_policy *tree_policy(struct tree *tree)
{
    return &tree->options.policy;
}

void tree_free(struct tree *tree)
{
    if (!tree)
        return;
    crew_stop(&tree->crew);
    (void)flusher_stop(&tree->flusher); /* too late to matter */
    cursor_free(&tree->cursor);
    route_free(&tree->route);
    buf_free(&tree->links.text);
    left_out_free(&tree->left_out);
    left_out_free(&tree->gone);
    free(tree);
}
