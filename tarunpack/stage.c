#include "stage.h"

#include "diag.h"
#include "marks.h"
#include "merge/merge.h"
#include "names.h"
#include "remove.h"
#include "stream.h"
#include "tar_entry.h"
#include "tar_path.h"
#include "whiteout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Nobody but its owner looks into a directory that is not finished. */
#define MODE_UNFINISHED 0700

static enum status failed(const char *path, const char *what)
{
    diag_errno("%s: cannot %s", diag_name(path).text, what);
    return STATUS_SYSTEM;
}

static enum status out_of_memory(void)
{
    diag_error("out of memory");
    return STATUS_SYSTEM;
}

static int level_push(struct stage *stage, uint32_t node)
{
    size_t level = stage->dirs.count - 1;
    if (level >= stage->nodes_capacity) {
        size_t capacity = level * 2 + 32;
        uint32_t *nodes = reallocarray(stage->nodes, capacity, sizeof *nodes);
        if (!nodes)
            return -1;
        stage->nodes = nodes;
        stage->nodes_capacity = capacity;
    }
    stage->nodes[level] = node;
    return 0;
}

enum status stage_start(struct stage *stage, int fd)
{
    struct stat status;
    if (dirs_start(&stage->dirs, fd) != 0)
        return failed("staging directory", "open");
    if (dirtree_start(&stage->tree) != 0 || level_push(stage, DIRTREE_ROOT) != 0)
        return out_of_memory();
    /* What a new inode belongs to is for the file system to say (grpid, idmapped mounts). */
    if (fstat(fd, &status) != 0)
        return failed("staging directory", "read its status");
    stage->policy.uid = status.st_uid;
    stage->policy.gid = status.st_gid;
    if (stage->jobs > 1)
        crew_start(&stage->crew, &stage->rules, stage->jobs);
    flusher_start(&stage->flusher, fd, stage->rules.sync && stage->jobs > 1);
    return STATUS_OK;
}

uint32_t stage_here(const struct stage *stage)
{
    return stage->nodes[stage->dirs.count - 1];
}

/* Makes a directory where something else may stand; that is replaced if it may be. A whiteout that
 * a directory replaces had hidden one of the layers below: the new one has to hide it, too. */
static enum status directory_make(struct stage *stage, const char *name, const char *path,
                                  bool replace)
{
    int here = dirs_fd(&stage->dirs);
    struct stat status;
    if (mkdirat(here, name, MODE_UNFINISHED) == 0)
        return STATUS_OK;
    if (errno != EEXIST || fstatat(here, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return failed(path, "create directory");
    if (S_ISDIR(status.st_mode))
        return STATUS_OK;
    bool opaque = false;
    if (marks_is_whiteout(stage, here, name, &status, &opaque) != 0)
        return failed(path, "create directory");
    if (!replace && !opaque) {
        diag_error("%s: the path runs through something that is no directory",
                   diag_name(path).text);
        return STATUS_ARCHIVE;
    }
    if (unlinkat(here, name, 0) != 0 || mkdirat(here, name, MODE_UNFINISHED) != 0)
        return failed(path, "replace by a directory");
    uint32_t node = dirtree_add(&stage->tree, stage_here(stage), name, strlen(name));
    if (node == DIRTREE_NONE)
        return out_of_memory();
    dirtree_node(&stage->tree, node)->opaque |= opaque;
    return STATUS_OK;
}

enum status stage_settle(struct stage *stage, const char *name)
{
    return crew_settle_name(&stage->crew, stage_here(stage), name);
}

/* Moves the cursor into the directory `name`, which is made if it is missing. */
static enum status enter(struct stage *stage, const char *name, const char *path)
{
    enum status settled = stage_settle(stage, name);
    if (settled != STATUS_OK)
        return settled;
    uint32_t node = dirtree_add(&stage->tree, stage_here(stage), name, strlen(name));
    if (node == DIRTREE_NONE)
        return out_of_memory();
    if (dirs_enter(&stage->dirs, name) != 0) {
        if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
            return failed(path, "enter directory");
        enum status status = directory_make(stage, name, path, false);
        if (status != STATUS_OK)
            return status;
        dirtree_node(&stage->tree, node)->implied = true;
        stage->implied++;
        if (dirs_enter(&stage->dirs, name) != 0)
            return failed(path, "enter directory");
    }
    return level_push(stage, node) == 0 ? STATUS_OK : out_of_memory();
}

/* Leaves all directories that are not on the way to `path`. Returns how many bytes of it remain
 * above the cursor; -1 with errno set. */
static ssize_t leave_others(struct stage *stage, const char *path, size_t length)
{
    const char *here = dirs_path(&stage->dirs);
    size_t common = 0;
    while (common < length && here[common] == path[common] && here[common])
        common++;
    while (stage->dirs.count > 1) {
        size_t level = stage->dirs.path.length;
        if (level <= common && (level == length || path[level] == '/'))
            return (ssize_t)level;
        if (dirs_leave(&stage->dirs) != 0)
            return -1;
    }
    return 0;
}

enum status stage_move(struct stage *stage, const char *path, size_t length)
{
    ssize_t at = leave_others(stage, path, length);
    if (at < 0)
        return failed(path, "return to the directory above");
    for (size_t next = (size_t)at; next < length;) {
        char name[TAR_NAME_MAX + 1];
        next += path[next] == '/';
        const char *slash = memchr(path + next, '/', length - next);
        size_t used = slash ? (size_t)(slash - path) - next : length - next;
        memcpy(name, path + next, used);
        name[used] = '\0';
        enum status status = enter(stage, name, path);
        if (status != STATUS_OK)
            return status;
        next += used;
    }
    return STATUS_OK;
}

/* A layer's directory stays as it is for the merge; what it is to become, a mark in it wears. */
static enum status layer_mark(struct stage *stage, int fd, const char *path,
                              const struct meta *meta, const struct xattrs *xattrs)
{
    struct meta_inode mark = {.fd = -1, .path = path, .created = MODE_UNFINISHED};
    if (unlinkat(fd, MERGE_MARK, AT_REMOVEDIR) != 0 && errno != ENOENT)
        return failed(path, "mark directory");
    if (mkdirat(fd, MERGE_MARK, MODE_UNFINISHED) == 0)
        mark.fd = dirs_open(fd, MERGE_MARK);
    if (mark.fd < 0)
        return failed(path, "mark directory");
    enum status status = meta_apply(&stage->policy, &mark, meta, xattrs);
    close(mark.fd);
    return status;
}

/* Sets the attributes that can be set now, and keeps the others. */
static enum status attributes_set(struct stage *stage, struct dirnode *node, int fd,
                                  const char *path, const struct xattrs *xattrs)
{
    struct meta_inode inode = {.fd = fd, .path = path};
    struct xattrs late = {0};
    /* Of two entries for one directory the later one counts. */
    if (node->explicit && meta_remove_xattrs(fd, xattrs, false) != 0)
        return failed(path, "replace its attributes");
    enum status status = meta_apply_early(&stage->policy, &inode, xattrs, &late);
    stage->kept += late.text.length - (node->xattrs ? node->xattrs->text.length : 0);
    if (status == STATUS_OK && dirtree_keep(node, &late) != 0)
        status = out_of_memory();
    xattrs_free(&late);
    return status;
}

/* Takes over what the directory's entry says of it. */
static enum status directory_note(struct stage *stage, uint32_t index, const char *name,
                                  const char *path, const struct meta *meta,
                                  const struct xattrs *xattrs)
{
    struct dirnode *node = dirtree_node(&stage->tree, index);
    enum status status = STATUS_OK;
    if (stage->form == STAGE_LAYER || node->explicit || xattrs->count > 0) {
        int fd = dirs_open(dirs_fd(&stage->dirs), name);
        if (fd < 0)
            return failed(path, "open directory");
        status = stage->form == STAGE_LAYER ? layer_mark(stage, fd, path, meta, xattrs)
                                            : attributes_set(stage, node, fd, path, xattrs);
        close(fd);
    }
    node->meta = *meta;
    node->explicit = true;
    stage->implied -= node->implied; /* the entry counts */
    node->implied = false;
    return status;
}

enum status stage_directory(struct stage *stage, const char *name, const char *path,
                            const struct meta *meta, const struct xattrs *xattrs)
{
    if (strcmp(name, TAR_ROOT) == 0)
        return directory_note(stage, DIRTREE_ROOT, name, path, meta, xattrs);
    enum status status = stage_settle(stage, name);
    if (status == STATUS_OK)
        status = directory_make(stage, name, path, true);
    if (status != STATUS_OK)
        return status;
    uint32_t node = dirtree_add(&stage->tree, stage_here(stage), name, strlen(name));
    if (node == DIRTREE_NONE)
        return out_of_memory();
    return directory_note(stage, node, name, path, meta, xattrs);
}

static enum status full_refuse(const char *path)
{
    diag_error("%s: would replace a directory that is not empty", diag_name(path).text);
    return STATUS_ARCHIVE;
}

/* Removes a directory of STAGE_LAYER that holds nothing but marks. */
static enum status marks_remove(int here, const char *name, const char *path)
{
    struct names names = {0};
    bool only = true;
    if (names_read_in(&names, here, name) != 0) {
        names_free(&names);
        return failed(path, "read directory");
    }
    for (size_t i = 0; only && i < names.count; i++)
        only = strncmp(names_text(&names, i), WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) == 0;
    names_free(&names);
    return only ? remove_tree(here, name, path) : full_refuse(path);
}

/* Removes a directory that has no entries. */
static enum status directory_remove(struct stage *stage, const char *name, const char *path)
{
    int here = dirs_fd(&stage->dirs);
    /* It may be empty only for now. */
    enum status status = crew_settle(&stage->crew);
    if (status != STATUS_OK || unlinkat(here, name, AT_REMOVEDIR) == 0)
        return status;
    if (errno != ENOTEMPTY && errno != EEXIST)
        return failed(path, "replace");
    return stage->form == STAGE_LAYER ? marks_remove(here, name, path) : full_refuse(path);
}

enum status stage_make_room(struct stage *stage, const char *name, const char *path)
{
    if (unlinkat(dirs_fd(&stage->dirs), name, 0) == 0)
        return STATUS_OK;
    if (errno != EISDIR)
        return failed(path, "replace");
    enum status status = directory_remove(stage, name, path);
    if (status != STATUS_OK)
        return status;
    uint32_t node = dirtree_find(&stage->tree, stage_here(stage), name, strlen(name));
    if (node != DIRTREE_NONE)
        dirtree_remove(&stage->tree, node);
    return STATUS_OK;
}

/* Gives the directory behind `fd` what its node says. */
static enum status directory_finish(struct stage *stage, const struct dirnode *node, int fd,
                                    const char *path)
{
    struct meta_inode inode = {.fd = fd, .path = path, .created = MODE_UNFINISHED};
    enum status status = marks_finish(stage, node, &inode);
    if (status != STATUS_OK)
        return status;
    if (node->explicit)
        return meta_apply(&stage->policy, &inode, &node->meta, node->xattrs);
    if (!node->name)
        return meta_apply(&stage->policy, &inode, &stage->root_default, NULL);
    return fchmod(fd, 0755) == 0 ? STATUS_OK : failed(path, "set its mode");
}

enum status stage_links_flush(struct stage *stage)
{
    if (stream_write(stage->links, stage->links_text.bytes, stage->links_text.length) != 0)
        return failed("staging directory", "write the list of links");
    stage->links_text.length = 0;
    return STATUS_OK;
}

/* Leaves the directory where the cursor stands, and only then finishes it: afterwards its mode may
 * not let us out. `path` is space for its path, for messages. */
static enum status finish_and_leave(struct stage *stage, const struct dirnode *node,
                                    struct buf *path)
{
    if (buf_set_text(path, dirs_path(&stage->dirs), stage->dirs.path.length) != 0)
        return out_of_memory();
    int fd = dirs_detach(&stage->dirs);
    if (fd < 0)
        return failed(path->bytes, "return to the directory above");
    enum status status = directory_finish(stage, node, fd, path->bytes);
    close(fd);
    return status;
}

/* Enters a directory again to finish it. */
static enum status enter_again(struct stage *stage, const char *name)
{
    if (dirs_enter(&stage->dirs, name) == 0)
        return STATUS_OK;
    const char *above = dirs_path(&stage->dirs);
    diag_errno("%s%s%s: cannot enter directory", diag_name(above).text, *above ? "/" : "",
               diag_name(name).text);
    return STATUS_SYSTEM;
}

/* Goes through the tree, children before parents. */
static enum status directories_finish(struct stage *stage)
{
    struct buf path = {0};
    enum status status = stage_move(stage, "", 0);
    for (uint32_t at = DIRTREE_ROOT; status == STATUS_OK && at != DIRTREE_NONE;) {
        struct dirnode *node = dirtree_node(&stage->tree, at);
        uint32_t child = node->first_child;
        if (child != DIRTREE_NONE) {
            const struct dirnode *below = dirtree_node(&stage->tree, child);
            node->first_child = below->next_sibling;
            if (!below->name)
                continue;
            status = enter_again(stage, below->name);
            at = child;
        } else {
            status = at == DIRTREE_ROOT
                         ? directory_finish(stage, node, dirs_fd(&stage->dirs), TAR_ROOT)
                         : finish_and_leave(stage, node, &path);
            at = node->parent;
        }
    }
    buf_free(&path);
    return status;
}

enum status stage_finish(struct stage *stage)
{
    enum status status = crew_settle(&stage->crew);
    crew_stop(&stage->crew);
    if (status != STATUS_OK)
        return status;
    /* A layer's directories stay as they are; their marks are complete. */
    return stage->form == STAGE_LAYER ? stage_links_flush(stage) : directories_finish(stage);
}

enum status stage_sync(struct stage *stage)
{
    return flusher_stop(&stage->flusher) == 0 && syncfs(dirs_fd(&stage->dirs)) == 0
               ? STATUS_OK
               : failed("staging directory", "sync");
}

void stage_free(struct stage *stage)
{
    crew_stop(&stage->crew);
    (void)flusher_stop(&stage->flusher); /* whatever failed, nobody relies on it any more */
    dirs_free(&stage->dirs);
    dirtree_free(&stage->tree);
    free(stage->nodes);
    buf_free(&stage->links_text);
    *stage = (struct stage){0};
}
