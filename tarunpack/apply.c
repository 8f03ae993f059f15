#include "apply.h"

#include "acl.h"
#include "archive/bounds.h"
#include "diag.h"
#include "staging_name.h"
#include "tar_path.h"
#include "whiteout.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static enum status refuse(const char *path, const char *why)
{
    diag_error("%s: %s", diag_name(path).text, why);
    return STATUS_ARCHIVE;
}

/* Moves the cursor to the entry's parent directory; `blocked` as for tree_move(). */
static enum status move_above(struct tree *tree, const char *path, bool *blocked)
{
    const char *name = tar_path_name(path);
    return tree_move(tree, path, name == path ? 0 : (size_t)(name - path) - 1, blocked);
}

/* Appends the name under which the attribute is stored. A name that an overlay mount would
 * interpret is escaped by one level, as the mount itself escapes names that are set inside it. In
 * the tree of a mount with userxattr, trusted.* is no namespace of the mount: tarpack packs escaped
 * names there as they are. */
static int xattr_name(const struct apply *apply, const char *name, struct buf *out)
{
    enum overlay_space space = OVERLAY_TRUSTED;
    const char *key = overlay_key(space, name);
    if (key && apply->overlay == OVERLAY_USER && overlay_unescape(key))
        key = NULL;
    if (!key && apply->overlay == OVERLAY_USER) {
        space = OVERLAY_USER;
        key = overlay_key(space, name);
    }
    return key && apply->whiteouts != APPLY_RAW ? overlay_escape(space, key, out)
                                                : buf_append_text(out, name);
}

/* Whether the attribute belongs to another machine and was not asked for. */
static bool is_foreign_label(const struct apply *apply, const char *name)
{
    return xattr_is_local(name) && apply->whiteouts != APPLY_RAW &&
           !globs_match(apply->xattrs_include, name);
}

/* Whether tarpack could take the attribute for one of the mount itself, or the other way round,
 * unless the root shows the namespace. */
static bool is_ambiguous(const struct apply *apply, const char *path, const char *name)
{
    return overlay_key(OVERLAY_USER, name) && apply->whiteouts != APPLY_RAW &&
           (apply->overlay == OVERLAY_USER || strcmp(path, TAR_ROOT) == 0);
}

static enum status xattr_translate(struct apply *apply, const char *path, struct xattr xattr)
{
    if (is_foreign_label(apply, xattr.name))
        return meta_leave_out(tree_policy(apply->tree), path, xattr.name, OMITTED_LOCAL);
    if (is_ambiguous(apply, path, xattr.name))
        tree_show_space(apply->tree, apply->overlay);
    struct buf name = {0};
    int result = xattr_name(apply, xattr.name, &name);
    if (result == 0)
        result = xattrs_add(&apply->xattrs, name.bytes, name.length, xattr.value, xattr.length);
    buf_free(&name);
    return result == 0 ? STATUS_OK : diag_no_memory();
}

/* Leaves out the ACLs that cannot be attributes. */
static enum status acls_leave_out(struct apply *apply, const struct tar_entry *entry)
{
    struct meta_policy *policy = tree_policy(apply->tree);
    enum status status = STATUS_OK;
    for (unsigned i = 0; status == STATUS_OK && i < entry->named_acls; i++)
        status = meta_leave_out(policy, entry->path, ACL_XATTR_ACCESS, OMITTED_NAMES);
    if (status == STATUS_OK && entry->nfs4_acls > 0)
        status = meta_leave_out(policy, entry->path, "SCHILY.acl.ace", OMITTED_FOREIGN);
    return status;
}

static enum status xattrs_translate(struct apply *apply, const struct tar_entry *entry)
{
    enum status status = acls_leave_out(apply, entry);
    xattrs_clear(&apply->xattrs);
    for (size_t i = 0; status == STATUS_OK && i < entry->xattrs.count; i++)
        status = xattr_translate(apply, entry->path, xattrs_get(&entry->xattrs, i));
    if (status != STATUS_OK)
        return status;
    uint32_t id = 0;
    if (idmap_apply_xattrs(apply->uids, apply->gids, &apply->xattrs, &id) != 0)
        return refuse(entry->path, "an id in its ACL or capability is in none of the ranges given");
    return STATUS_OK;
}

static enum status meta_translate(struct apply *apply, const struct tar_entry *entry)
{
    uint32_t uid = entry->uid, gid = entry->gid;
    if (idmap_apply(apply->uids, &uid) != 0 || idmap_apply(apply->gids, &gid) != 0)
        return refuse(entry->path, "its owner is in none of the ranges given");
    apply->meta = (struct meta){
        .mode = entry->mode,
        .uid = uid,
        .gid = gid,
        .mtime = {.tv_sec = entry->mtime.seconds, .tv_nsec = entry->mtime.nanoseconds}};
    return STATUS_OK;
}

static enum status content_copy(struct apply *apply, struct file *file, enum archive_event *event)
{
    struct payload_chunk chunk;
    do {
        *event = reader_data(apply->reader, &chunk);
        if (*event != ARCHIVE_OK)
            return *event == ARCHIVE_FAILED ? apply->input->problem->failure : STATUS_ARCHIVE;
        enum status status = file_write(file, chunk.offset, chunk.bytes, chunk.length);
        if (status != STATUS_OK)
            return status;
    } while (chunk.length > 0);
    return STATUS_OK;
}

/* Small files are read whole and left to the crew. */
static enum status apply_small_file(struct apply *apply, const struct tar_entry *entry,
                                    enum archive_event *event)
{
    struct payload_chunk chunk;
    struct crew_file *file =
        crew_file_new(entry->path, (size_t)entry->size, &apply->meta, &apply->xattrs);
    if (!file)
        return diag_no_memory();
    do {
        *event = reader_data(apply->reader, &chunk);
        if (*event != ARCHIVE_OK) {
            crew_file_free(file);
            return *event == ARCHIVE_FAILED ? apply->input->problem->failure : STATUS_ARCHIVE;
        }
        if (chunk.length > 0)
            memcpy(file->bytes + chunk.offset, chunk.bytes, chunk.length);
    } while (chunk.length > 0);
    return tree_small_file(apply->tree, file);
}

static enum status apply_file(struct apply *apply, const struct tar_entry *entry,
                              enum archive_event *event)
{
    struct file file;
    const struct meta *meta = &apply->meta;
    const char *name = tar_path_name(entry->path);
    if (tree_takes_small(apply->tree, name, entry->size))
        return apply_small_file(apply, entry, event);
    enum status status =
        tree_file(apply->tree, &file, name, entry->path, entry->size, meta, &apply->xattrs);
    if (status != STATUS_OK)
        return status;
    status = content_copy(apply, &file, event);
    if (status == STATUS_OK)
        return file_close(&file, meta, &apply->xattrs);
    file_abandon(&file);
    return status;
}

static enum status apply_node(struct apply *apply, const struct tar_entry *entry,
                              enum archive_event *event)
{
    static const mode_t special[] = {
        [TAR_CHAR] = S_IFCHR, [TAR_BLOCK] = S_IFBLK, [TAR_FIFO] = S_IFIFO};
    const char *path = entry->path, *name = tar_path_name(path);
    const struct meta *meta = &apply->meta;
    if (strcmp(path, TAR_ROOT) != 0)
        tree_entry(apply->tree);
    switch (entry->type) {
    case TAR_FILE:
        return apply_file(apply, entry, event);
    case TAR_HARDLINK:
        return tree_hardlink(apply->tree, name, path, entry->link);
    case TAR_SYMLINK:
        return tree_symlink(apply->tree, name, path, entry->link, meta, &apply->xattrs);
    case TAR_CHAR:
    case TAR_BLOCK:
    case TAR_FIFO:
        return tree_special(apply->tree, name, path, special[entry->type],
                            makedev(entry->major, entry->minor), meta, &apply->xattrs);
    case TAR_DIRECTORY:
        return tree_directory(apply->tree, name, path, meta, &apply->xattrs);
    }
    return STATUS_ARCHIVE;
}

/* Readers disagree about a path with a whiteout as a parent. */
static bool runs_through_whiteout(const char *path)
{
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(path, '/')) {
        if (strncmp(path, WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) == 0)
            return true;
        path = slash + 1;
    }
    return false;
}

/* What the entry is as a whiteout. The name alone makes one: writers use all entry types for them.
 */
static enum whiteout whiteout_find(const struct tar_entry *entry, const char **hidden)
{
    *hidden = tar_path_name(entry->path);
    enum whiteout whiteout = whiteout_parse(entry->path, hidden);
    if (whiteout == WHITEOUT_NONE && entry->type == TAR_CHAR && !entry->major && !entry->minor)
        whiteout = WHITEOUT_ENTRY; /* from an upper directory that was packed raw */
    return whiteout;
}

/* `*done` tells whether the entry was a whiteout. */
static enum status apply_whiteout(struct apply *apply, const struct tar_entry *entry, bool *done)
{
    const char *path = entry->path, *hidden = NULL;
    const enum whiteout whiteout = whiteout_find(entry, &hidden);
    *done = whiteout != WHITEOUT_NONE;
    switch (whiteout) {
    case WHITEOUT_NONE:
        return STATUS_OK;
    case WHITEOUT_ENTRY:
        return tree_whiteout(apply->tree, hidden, path);
    case WHITEOUT_OPAQUE:
        return tree_opaque(apply->tree, path);
    case WHITEOUT_RESERVED:
        diag_warn("%s: left out: AUFS metadata", diag_name(path).text);
        return STATUS_OK;
    case WHITEOUT_INVALID:
        break;
    }
    return refuse(path, "a whiteout without a name");
}

/* Whether the path, or the path that its whiteout names, begins with the name of a merge's staging
 * directory: a later merge onto the tree would take it for its own. */
static bool is_merge_staging(const struct apply *apply, const char *path)
{
    char name[NAME_MAX + 1];
    if (apply->whiteouts == APPLY_RAW)
        return false;
    if (strncmp(path, WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) == 0)
        path += strlen(WHITEOUT_PREFIX);
    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(path, "/"), path);
    return staging_name_is(name, STAGING_MERGE);
}

/* Whether names that begin with ".wh." are whiteouts. */
static bool has_whiteouts(const struct apply *apply)
{
    return apply->whiteouts == APPLY_OVERLAY || apply->whiteouts == APPLY_DELETE;
}

/* AUFS gives every file with several names one more, in a directory of its own. Archives of its
 * branches have hard links to that name. */
#define AUFS_LINKS ".wh..wh.plnk"

/* Whether the path is one of these names. */
static bool is_aufs_link(const struct apply *apply, const char *path)
{
    const size_t length = strlen(AUFS_LINKS);
    return has_whiteouts(apply) && strncmp(path, AUFS_LINKS "/", length + 1) == 0 &&
           !strchr(path + length + 1, '/') && whiteout_parse(path, NULL) == WHITEOUT_NONE;
}

/* Whether the entry belongs to AUFS and not to the layer. */
static bool is_aufs_metadata(const struct apply *apply, const struct tar_entry *entry)
{
    static const char *const directories[] = {AUFS_LINKS "/", ".wh..wh.orph/", ".wh..wh.aufs/"};
    bool file = entry->type == TAR_FILE || entry->type == TAR_HARDLINK;
    for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++) {
        if (strncmp(entry->path, directories[i], strlen(directories[i])) == 0)
            return has_whiteouts(apply) && !(file && is_aufs_link(apply, entry->path));
    }
    return false;
}

/* Whether no entry can have this path, so that nothing may link to it: a whiteout is no entry, and
 * a merge keeps its own files under such names. */
static bool is_reserved(const struct apply *apply, const char *path)
{
    return is_merge_staging(apply, path) ||
           (has_whiteouts(apply) && !is_aufs_link(apply, path) &&
            (runs_through_whiteout(path) || whiteout_parse(path, NULL) != WHITEOUT_NONE));
}

bool apply_links(const struct apply *apply, const struct tar_entry *entry)
{
    return entry->type == TAR_HARDLINK && !is_reserved(apply, entry->path) &&
           !is_reserved(apply, entry->link);
}

/* Refuses reserved names before anything is created or looked up under them. */
static enum status names_check(const struct apply *apply, const struct tar_entry *entry)
{
    const char *path = entry->path;
    if (is_merge_staging(apply, path))
        return refuse(path, "begins with the name of a merge's staging directory");
    if (has_whiteouts(apply) && runs_through_whiteout(path) && !is_aufs_link(apply, path))
        return refuse(path, "a parent in the path has the name of a whiteout");
    /* Some writers store a whiteout as a hard link to another one. */
    if (entry->type != TAR_HARDLINK || is_reserved(apply, path) || !is_reserved(apply, entry->link))
        return STATUS_OK;
    diag_error("%s: links to %s, which does not exist", diag_name(path).text,
               diag_name(entry->link).text);
    return STATUS_ARCHIVE;
}

/* The same for the name where the entry belongs, which may be the root also by a symbolic link. */
static enum status place_check(const struct apply *apply, const char *path)
{
    if (!tree_is_at_root(apply->tree) || !is_merge_staging(apply, tar_path_name(path)))
        return STATUS_OK;
    return refuse(path, "has the name of a merge's staging directory");
}

enum status apply_entry(struct apply *apply, const struct tar_entry *entry,
                        enum archive_event *event)
{
    *event = ARCHIVE_OK;
    if (reader_saw_absolute(apply->reader) && !apply->absolute_warned) {
        diag_warn("removing leading '/' from names");
        apply->absolute_warned = true;
    }
    if (is_aufs_metadata(apply, entry)) {
        diag_warn("%s: left out: AUFS metadata", diag_name(entry->path).text);
        return STATUS_OK;
    }
    bool done = false, blocked = false;
    const char *hidden = NULL;
    /* Below a file there is nothing to hide. umoci writes such whiteouts if a directory has become
     * a file. */
    enum whiteout whiteout = has_whiteouts(apply) ? whiteout_find(entry, &hidden) : WHITEOUT_NONE;
    bool hides = whiteout == WHITEOUT_ENTRY || whiteout == WHITEOUT_OPAQUE;
    enum status status = names_check(apply, entry);
    apply->linked |= is_aufs_link(apply, entry->path);
    if (status == STATUS_OK)
        status = move_above(apply->tree, entry->path, hides ? &blocked : NULL);
    if (blocked)
        return status;
    if (status == STATUS_OK)
        status = place_check(apply, entry->path);
    if (status == STATUS_OK &&
        bounds_tree(apply->input->bounds, tree_implied(apply->tree), tree_kept(apply->tree),
                    apply->input->problem) != ARCHIVE_OK) {
        *event = ARCHIVE_LIMIT;
        return STATUS_ARCHIVE;
    }
    if (status == STATUS_OK && has_whiteouts(apply))
        status = apply_whiteout(apply, entry, &done);
    if (status != STATUS_OK || done)
        return status;
    status = meta_translate(apply, entry);
    if (status == STATUS_OK)
        status = xattrs_translate(apply, entry);
    return status == STATUS_OK ? apply_node(apply, entry, event) : status;
}

enum status apply_end(struct apply *apply)
{
    return apply->linked ? tree_drop(apply->tree, AUFS_LINKS) : STATUS_OK;
}

void apply_free(struct apply *apply)
{
    xattrs_free(&apply->xattrs);
    *apply = (struct apply){0};
}
