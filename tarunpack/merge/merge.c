#include "merge/merge.h"

#include "array.h"
#include "buf.h"
#include "diag.h"
#include "dirs.h"
#include "merge/meta.h"
#include "names.h"
#include "place/openat2.h"
#include "place/remove.h"
#include "staging_name.h"
#include "tree/layer.h"
#include "whiteout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct level {
    struct names gone;     /* the names that it whites out */
    bool fresh;            /* this merge created the directory */
    struct timespec mtime; /* of the existing directory before the merge */
    mode_t mode;           /* the same for its mode */
    bool unlocked;         /* the mode was changed to get access */
};

/* Walks the staged layer and the directory merged onto side by side. */
struct merge {
    struct dirs layer, onto;
    struct level *levels;
    size_t capacity;
    bool check; /* only check that the rules allow it */
};

static enum status failed(const struct merge *merge, const char *name, const char *what)
{
    const char *above = dirs_path(&merge->layer);
    return diag_errno("%s%s%s: cannot %s", diag_name(above).text, *above ? "/" : "",
                      diag_name(name).text, what);
}

static enum status refuse(const struct merge *merge, const char *name, const char *why,
                          enum status status)
{
    const char *above = dirs_path(&merge->onto);
    diag_error("%s%s%s: %s", diag_name(above).text, *above ? "/" : "", diag_name(name).text, why);
    return status;
}

static struct level *level_here(const struct merge *merge)
{
    return &merge->levels[merge->layer.count - 1];
}

static bool is_mark(const char *name)
{
    return strncmp(name, WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) == 0;
}

/* Whether the layer's directory contains the name, which may be a mark. */
static bool layer_has(const struct merge *merge, const char *name)
{
    return names_find(dirs_names(&merge->layer), name);
}

/* Whether the layer also whites out the name of one of its own entries. */
static bool is_replaced(const struct merge *merge, const char *name)
{
    return layer_has(merge, WHITEOUT_OPAQUE_NAME) || names_find(&level_here(merge)->gone, name);
}

static int level_read(struct merge *merge)
{
    if (dirs_read(&merge->layer) != 0)
        return -1;
    if (!layer_has(merge, LAYER_GONE))
        return 0;
    return names_read_in(&level_here(merge)->gone, dirs_fd(&merge->layer), LAYER_GONE);
}

/* Checks that this user may change the directory's metadata, by a request that needs the same right
 * and changes nothing (open(2), O_NOATIME): in a user namespace even root may not own it. Returns
 * 0; -1 with errno set. */
static int ownership_check(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NOATIME);
}

/* Prepares the level of the directories just entered. */
static enum status level_enter(struct merge *merge, bool fresh)
{
    size_t at = merge->layer.count - 1;
    struct stat status;
    if (array_reserve(&merge->levels, &merge->capacity, at + 1, sizeof *merge->levels) != 0)
        return diag_no_memory();
    struct level *level = &merge->levels[at];
    level->fresh = fresh;
    if (level_read(merge) != 0 || fstat(dirs_fd(&merge->onto), &status) != 0)
        return failed(merge, ".", "read directory");
    if (merge->check && layer_has(merge, LAYER_MARK) && ownership_check(dirs_fd(&merge->onto)) != 0)
        return failed(merge, ".", "replace its metadata");
    level->mtime = status.st_mtim;
    /* Leaving the level restores or replaces the mode. */
    level->unlocked = !merge->check && dirs_unlock(dirs_fd(&merge->onto), &level->mode);
    return STATUS_OK;
}

/* Entries cannot be moved to another file system or btrfs subvolume. */
static enum status beyond(const struct merge *merge, const char *name)
{
    return refuse(merge, name, "cannot merge: something is mounted there", STATUS_SYSTEM);
}

/* Enters the directory `name` on both sides. */
static enum status both_enter(struct merge *merge, const char *name, bool fresh)
{
    int fd = openat2_beneath(dirs_fd(&merge->onto), name, O_RDONLY);
    if (fd < 0 && errno == EXDEV)
        return beyond(merge, name);
    if (fd < 0 || dirs_push(&merge->onto, fd, name) != 0 || dirs_enter(&merge->layer, name) != 0)
        return failed(merge, name, "enter directory");
    const struct dirs_level *levels = merge->onto.levels;
    if (levels[merge->onto.count - 1].device != levels[0].device)
        return beyond(merge, "");
    return level_enter(merge, fresh);
}

/* Stores the type of the existing entry: S_IFDIR, another type, or 0 for none. */
static enum status standing_type(const struct merge *merge, const char *name, mode_t *type)
{
    struct stat status;
    *type = 0;
    if (fstatat(dirs_fd(&merge->onto), name, &status, AT_SYMLINK_NOFOLLOW) == 0)
        *type = status.st_mode & S_IFMT;
    else if (errno != ENOENT)
        return failed(merge, name, "read its status");
    return STATUS_OK;
}

/* Whether the layer has an entry for the directory, and not only entries in it. */
static enum status explicit_look(const struct merge *merge, const char *name, bool *is)
{
    struct stat status;
    int fd = openat2_beneath(dirs_fd(&merge->layer), name, O_PATH);
    if (fd < 0)
        return failed(merge, name, "enter directory");
    *is = fstatat(fd, LAYER_MARK, &status, AT_SYMLINK_NOFOLLOW) == 0;
    enum status result =
        *is || errno == ENOENT ? STATUS_OK : failed(merge, name, "read its new metadata");
    close(fd);
    return result;
}

/* Removes the existing entry, of any type. */
static enum status standing_remove(const struct merge *merge, const char *name)
{
    struct buf path = {0};
    const char *above = dirs_path(&merge->onto);
    if (buf_append_text(&path, above) != 0 || buf_append_text(&path, *above ? "/" : "") != 0 ||
        buf_append_text(&path, name) != 0) {
        buf_free(&path);
        return diag_no_memory();
    }
    enum status status = remove_any(dirs_fd(&merge->onto), name, path.bytes);
    buf_free(&path);
    return status;
}

/* A directory without an entry replaces a file, as an overlay mount shows it. A symbolic link was
 * followed when the layer was staged; one that appeared since, or that could not be read then, is
 * refused. */
static enum status directory_check(struct merge *merge, const char *name)
{
    mode_t type = 0;
    bool explicit = false;
    if (is_replaced(merge, name))
        return STATUS_OK;
    enum status status = standing_type(merge, name, &type);
    if (status != STATUS_OK || type == 0)
        return status;
    if (type == S_IFDIR)
        return both_enter(merge, name, false);
    status = explicit_look(merge, name, &explicit);
    if (status != STATUS_OK || explicit || type != S_IFLNK)
        return status;
    return refuse(merge, name, "the layer has entries in it, but it is a symbolic link",
                  STATUS_ARCHIVE);
}

/* Creates the directory if needed, and enters it. */
static enum status directory_apply(struct merge *merge, const char *name)
{
    mode_t type = 0;
    int here = dirs_fd(&merge->onto);
    enum status status = standing_type(merge, name, &type);
    if (status != STATUS_OK)
        return status;
    if (type != 0 && (type != S_IFDIR || is_replaced(merge, name))) {
        status = standing_remove(merge, name);
        if (status != STATUS_OK)
            return status;
        type = 0;
    }
    if (type != 0)
        return both_enter(merge, name, false);
    /* A directory without an entry gets its final mode at once: a run that completes this merge
     * will take it for one that already existed. */
    bool explicit = false;
    status = explicit_look(merge, name, &explicit);
    if (status != STATUS_OK)
        return status;
    if (mkdirat(here, name, explicit ? 0700 : 0755) != 0)
        return failed(merge, name, "create directory");
    return both_enter(merge, name, true);
}

/* Moves an entry that is not a directory. */
static enum status entry_apply(const struct merge *merge, const char *name)
{
    int from = dirs_fd(&merge->layer), onto = dirs_fd(&merge->onto);
    if (renameat(from, name, onto, name) == 0)
        return STATUS_OK;
    if (errno != EISDIR && errno != ENOTEMPTY && errno != EEXIST)
        return failed(merge, name, "move it into place");
    enum status status = standing_remove(merge, name);
    if (status != STATUS_OK)
        return status;
    return renameat(from, name, onto, name) == 0 ? STATUS_OK
                                                 : failed(merge, name, "move it into place");
}

static enum status name_apply(struct merge *merge, const char *name)
{
    struct stat status;
    if (is_mark(name))
        return STATUS_OK;
    if (fstatat(dirs_fd(&merge->layer), name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return failed(merge, name, "read its status");
    if (S_ISDIR(status.st_mode))
        return merge->check ? directory_check(merge, name) : directory_apply(merge, name);
    return merge->check ? STATUS_OK : entry_apply(merge, name);
}

/* Deletes what the whiteouts name, except the layer's own entries. */
static enum status whiteouts_apply(const struct merge *merge)
{
    const struct names *gone = &level_here(merge)->gone;
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < gone->count; i++) {
        const char *name = names_text(gone, i);
        if (!layer_has(merge, name))
            status = standing_remove(merge, name);
    }
    return status;
}

/* Deletes the entries of an opaque directory, except the layer's own. */
static enum status opaque_apply(const struct merge *merge)
{
    struct names standing = {0};
    enum status status = STATUS_OK;
    if (names_read_in(&standing, dirs_fd(&merge->onto), ".") != 0)
        status = failed(merge, ".", "read directory");
    for (size_t i = 0; status == STATUS_OK && i < standing.count; i++) {
        const char *name = names_text(&standing, i);
        bool ours = merge->onto.count == 1 && staging_name_is(name, STAGING_MERGE);
        if (!ours && !layer_has(merge, name))
            status = standing_remove(merge, name);
    }
    names_free(&standing);
    return status;
}

static enum status level_finish(const struct merge *merge, const struct level *level, int onto)
{
    const char *path = dirs_path(&merge->layer);
    struct merge_meta meta = {.layer = dirs_fd(&merge->layer),
                              .onto = onto,
                              .path = *path ? path : ".",
                              .is_explicit = layer_has(merge, LAYER_MARK),
                              .fresh = level->fresh,
                              .unlocked = level->unlocked,
                              .mode = level->mode,
                              .mtime = level->mtime};
    return merge_meta_apply(&meta);
}

/* Completes the last level: deletes entries, leaves the directory, and then sets its metadata,
 * since its final mode may not allow opening "..". */
static enum status level_apply(struct merge *merge)
{
    const struct level *level = level_here(merge);
    enum status status = whiteouts_apply(merge);
    if (status == STATUS_OK && layer_has(merge, WHITEOUT_OPAQUE_NAME))
        status = opaque_apply(merge);
    if (status != STATUS_OK)
        return status;
    if (merge->onto.count == 1)
        return level_finish(merge, level, dirs_fd(&merge->onto));
    int onto = dirs_detach(&merge->onto);
    if (onto < 0)
        return failed(merge, "..", "return to the parent directory");
    status = level_finish(merge, level, onto);
    if (status != STATUS_OK && level->unlocked)
        (void)fchmod(onto, level->mode);
    close(onto);
    return status;
}

/* Restores the modes that a failed merge changed for access. */
static void levels_lock(struct merge *merge)
{
    size_t count = merge->onto.count;
    while (count > 0) {
        if (count <= merge->capacity && merge->levels[count - 1].unlocked)
            (void)fchmod(dirs_fd(&merge->onto), merge->levels[count - 1].mode);
        count = count > 1 && dirs_leave(&merge->onto) == 0 ? count - 1 : 0;
    }
}

static enum status level_leave(struct merge *merge)
{
    struct level *level = level_here(merge);
    bool root = merge->layer.count == 1;
    enum status status = STATUS_OK;
    if (!merge->check)
        status = level_apply(merge);
    else if (!root && dirs_leave(&merge->onto) != 0)
        status = failed(merge, "..", "return to the parent directory");
    names_free(&level->gone);
    if (status == STATUS_OK)
        level->unlocked = false;
    if (status == STATUS_OK && !root && dirs_leave(&merge->layer) != 0)
        status = failed(merge, "..", "return to the parent directory");
    return status;
}

static enum status levels_walk(struct merge *merge)
{
    enum status status = level_enter(merge, false);
    while (status == STATUS_OK) {
        struct names *names = dirs_names(&merge->layer);
        if (names->next < names->count) {
            status = name_apply(merge, names_text(names, names->next++));
            continue;
        }
        bool root = merge->layer.count == 1;
        status = level_leave(merge);
        if (root)
            break;
    }
    return status;
}

static int side_start(struct dirs *dirs, int root)
{
    int fd = dirs_open(root, ".");
    return fd < 0 ? -1 : dirs_start(dirs, fd);
}

static enum status walk(const struct merge_trees *trees, bool check)
{
    struct merge merge = {.check = check};
    enum status status = STATUS_OK;
    if (side_start(&merge.layer, trees->layer) != 0 || side_start(&merge.onto, trees->onto) != 0)
        status = diag_failed(trees->path, "read directory");
    if (status == STATUS_OK)
        status = levels_walk(&merge);
    if (status != STATUS_OK && !check)
        levels_lock(&merge);
    for (size_t i = 0; i < merge.capacity; i++)
        names_free(&merge.levels[i].gone);
    free(merge.levels);
    dirs_free(&merge.layer);
    dirs_free(&merge.onto);
    return status;
}

enum status merge_prepare(const struct merge_trees *trees)
{
    bool made = false;
    enum status status = merge_links_make(trees, &made);
    if (status == STATUS_OK)
        status = walk(trees, true);
    /* From now on the targets of the links may be deleted in `onto`. */
    if (status == STATUS_OK && made && trees->sync && syncfs(trees->layer) != 0)
        status = diag_failed(trees->path, "sync the new hard links for it");
    return status;
}

enum status merge_apply(const struct merge_trees *trees)
{
    return walk(trees, false);
}
