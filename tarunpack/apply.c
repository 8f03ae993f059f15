#include "apply.h"

#include "diag.h"
#include "whiteout.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static enum status refuse(const char *path, const char *why)
{
    diag_error("%s: %s", diag_name(path).text, why);
    return STATUS_ARCHIVE;
}

static enum status out_of_memory(void)
{
    diag_error("out of memory");
    return STATUS_SYSTEM;
}

static struct meta meta_of(const struct tar_entry *entry)
{
    return (struct meta){
        .mode = entry->mode,
        .uid = entry->uid,
        .gid = entry->gid,
        .mtime = {.tv_sec = entry->mtime.seconds, .tv_nsec = entry->mtime.nanoseconds}};
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Moves the cursor to the directory that holds the entry. */
static enum status move_above(struct stage *stage, const char *path)
{
    const char *name = name_of(path);
    return stage_move(stage, path, name == path ? 0 : (size_t)(name - path) - 1);
}

/* The attributes of the entry, as they are to be set: inside a mount the overlay's own namespace is
 * escaped by one level, so that none comes to life. */
static enum status xattrs_translate(struct apply *apply, const struct tar_entry *entry)
{
    enum overlay_space space = apply->stage->overlay;
    xattrs_clear(&apply->xattrs);
    for (size_t i = 0; i < entry->xattrs.count; i++) {
        struct xattr xattr = xattrs_get(&entry->xattrs, i);
        const char *key = overlay_key(space, xattr.name);
        bool live =
            overlay_key(OVERLAY_TRUSTED, xattr.name) || overlay_key(OVERLAY_USER, xattr.name);
        if (live && apply->whiteouts == APPLY_KEEP)
            return refuse(entry->path, "has an attribute that belongs to an overlay mount");
        struct buf name = {0};
        int result = 0;
        if (key && apply->whiteouts == APPLY_OVERLAY) {
            if (buf_append_text(&name, overlay_prefix(space)) != 0 ||
                buf_append_text(&name, "overlay.") != 0 || buf_append_text(&name, key) != 0)
                result = -1;
        } else {
            result = buf_append_text(&name, xattr.name);
        }
        if (result == 0)
            result = xattrs_add(&apply->xattrs, name.bytes, name.length, xattr.value, xattr.length);
        buf_free(&name);
        if (result != 0)
            return out_of_memory();
    }
    return STATUS_OK;
}

static enum status node_fill(struct apply *apply, const struct tar_entry *entry, uint32_t index)
{
    struct dirnode *node = dirtree_node(&apply->stage->tree, index);
    node->explicit = true;
    node->meta = meta_of(entry);
    if (node->xattrs)
        xattrs_clear(node->xattrs);
    if (apply->xattrs.count == 0)
        return STATUS_OK;
    if (!node->xattrs)
        node->xattrs = calloc(1, sizeof *node->xattrs);
    if (!node->xattrs || xattrs_copy(node->xattrs, &apply->xattrs) != 0)
        return out_of_memory();
    return STATUS_OK;
}

static enum status apply_directory(struct apply *apply, const struct tar_entry *entry)
{
    if (strcmp(entry->path, TAR_ROOT) == 0)
        return node_fill(apply, entry, DIRTREE_ROOT);
    uint32_t node = DIRTREE_NONE;
    enum status status = stage_directory(apply->stage, name_of(entry->path), entry->path, &node);
    return status == STATUS_OK ? node_fill(apply, entry, node) : status;
}

static enum status content_copy(struct apply *apply, struct stage_file *file,
                                enum reader_event *event)
{
    struct reader_chunk chunk;
    do {
        *event = reader_data(apply->reader, &chunk);
        if (*event != READER_OK)
            return *event == READER_FAILED ? apply->reader->failure : STATUS_ARCHIVE;
        enum status status = stage_file_write(file, chunk.offset, chunk.bytes, chunk.length);
        if (status != STATUS_OK)
            return status;
    } while (chunk.length > 0);
    return STATUS_OK;
}

static enum status apply_file(struct apply *apply, const struct tar_entry *entry,
                              enum reader_event *event)
{
    struct stage_file file;
    struct meta meta = meta_of(entry);
    enum status status = stage_file_open(apply->stage, &file, name_of(entry->path), entry->path,
                                         entry->size, &meta, &apply->xattrs);
    if (status != STATUS_OK)
        return status;
    status = content_copy(apply, &file, event);
    if (status == STATUS_OK)
        return stage_file_close(&file, &meta, &apply->xattrs);
    stage_file_abandon(&file);
    return status;
}

static enum status apply_node(struct apply *apply, const struct tar_entry *entry,
                              enum reader_event *event)
{
    const char *path = entry->path, *name = name_of(path);
    struct meta meta = meta_of(entry);
    switch (entry->type) {
    case TAR_FILE:
        return apply_file(apply, entry, event);
    case TAR_HARDLINK:
        return stage_hardlink(apply->stage, name, path, entry->link);
    case TAR_SYMLINK:
        return stage_symlink(apply->stage, name, path, entry->link, &meta, &apply->xattrs);
    case TAR_CHAR:
        return stage_special(apply->stage, name, path, S_IFCHR, makedev(entry->major, entry->minor),
                             &meta, &apply->xattrs);
    case TAR_BLOCK:
        return stage_special(apply->stage, name, path, S_IFBLK, makedev(entry->major, entry->minor),
                             &meta, &apply->xattrs);
    case TAR_FIFO:
        return stage_special(apply->stage, name, path, S_IFIFO, 0, &meta, &apply->xattrs);
    case TAR_DIRECTORY:
        return apply_directory(apply, entry);
    }
    return STATUS_ARCHIVE;
}

static enum status apply_opaque(struct apply *apply, const char *path)
{
    struct stage *stage = apply->stage;
    if (stage->overlay == OVERLAY_TRUSTED && !stage->policy.trusted) {
        diag_error("%s: only root can set trusted.overlay.opaque (--userxattr marks it for a "
                   "mount with the option userxattr)",
                   diag_name(path).text);
        return STATUS_SYSTEM;
    }
    dirtree_node(&stage->tree, stage_here(stage))->opaque = true;
    return STATUS_OK;
}

/* A path that runs through a whiteout's name has no meaning that readers agree on. */
static bool runs_through_whiteout(const char *path)
{
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(path, '/')) {
        if (strncmp(path, WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) == 0)
            return true;
        path = slash + 1;
    }
    return false;
}

/* Takes an entry for what its name says, whatever its type: writers use all of them. `*done` tells
 * whether it was a whiteout. */
static enum status apply_whiteout(struct apply *apply, const struct tar_entry *entry, bool *done)
{
    const char *path = entry->path, *hidden = name_of(path);
    enum whiteout whiteout = whiteout_parse(path, &hidden);
    if (runs_through_whiteout(path))
        return refuse(path, "the path runs through the name of a whiteout");
    if (whiteout == WHITEOUT_NONE && entry->type == TAR_CHAR && !entry->major && !entry->minor)
        whiteout = WHITEOUT_ENTRY; /* as an upper directory packed raw has it */
    *done = whiteout != WHITEOUT_NONE;
    switch (whiteout) {
    case WHITEOUT_NONE:
        return STATUS_OK;
    case WHITEOUT_ENTRY:
        return stage_whiteout(apply->stage, hidden, path);
    case WHITEOUT_OPAQUE:
        return apply_opaque(apply, path);
    case WHITEOUT_RESERVED:
        diag_warn("%s: left out, a name of AUFS that means nothing to a layer",
                  diag_name(path).text);
        return STATUS_OK;
    case WHITEOUT_INVALID:
        break;
    }
    return refuse(path, "a whiteout of nothing");
}

enum status apply_entry(struct apply *apply, const struct tar_entry *entry,
                        enum reader_event *event)
{
    *event = READER_OK;
    if (apply->reader->absolute_seen && !apply->absolute_warned) {
        diag_warn("removing leading '/' from names");
        apply->absolute_warned = true;
    }
    bool done = false;
    enum status status = move_above(apply->stage, entry->path);
    if (status == STATUS_OK && apply->whiteouts == APPLY_OVERLAY)
        status = apply_whiteout(apply, entry, &done);
    if (status != STATUS_OK || done)
        return status;
    status = xattrs_translate(apply, entry);
    return status == STATUS_OK ? apply_node(apply, entry, event) : status;
}

void apply_free(struct apply *apply)
{
    xattrs_free(&apply->xattrs);
    *apply = (struct apply){0};
}
