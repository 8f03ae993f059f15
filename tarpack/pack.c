#include "pack.h"

#include "array.h"
#include "cache/cache.h"
#include "content.h"
#include "diag.h"
#include "privilege.h"
#include "staging_name.h"
#include "tree/links.h"
#include "tree/scout.h"
#include "tree/upper.h"
#include "whiteout.h"
#include "xattr_read.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

struct pack {
    const struct options *options;
    struct emit *emit;
    struct tally *tally;
    dev_t device; /* of the root */
    struct walk walk;
    struct scout scout;
    struct cache *cache; /* NULL: none */
    bool cached;         /* the present entry is in it as it is, or known by another name */
    struct links links;
    enum overlay_space space;
    enum upper_kind *kinds; /* of the directories above the present entry, by depth */
    size_t kinds_capacity;
    struct tar_entry entry;
    struct buf text;   /* a symbolic link's target, a whiteout's name */
    uid_t uid;         /* who is packing */
    bool warns_hidden; /* nobody was told yet what this process can't see */
};

static enum tar_type type_of(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return TAR_DIRECTORY;
    case S_IFLNK:
        return TAR_SYMLINK;
    case S_IFCHR:
        return TAR_CHAR;
    case S_IFBLK:
        return TAR_BLOCK;
    case S_IFIFO:
        return TAR_FIFO;
    default:
        return TAR_FILE;
    }
}

/* All of the entry but its attributes and links. */
static void entry_fill(struct tar_entry *entry, const struct walk_item *item)
{
    const struct stat *status = &item->status;
    entry->path = item->path;
    entry->link = NULL;
    entry->type = type_of(status->st_mode);
    entry->mode = status->st_mode & 07777;
    entry->uid = status->st_uid;
    entry->gid = status->st_gid;
    entry->major = entry->minor = 0;
    if (entry->type == TAR_CHAR || entry->type == TAR_BLOCK) {
        entry->major = major(status->st_rdev);
        entry->minor = minor(status->st_rdev);
    }
    entry->size = entry->type == TAR_FILE ? (uint64_t)status->st_size : 0;
    entry->mtime.seconds = status->st_mtim.tv_sec;
    entry->mtime.nanoseconds = (uint32_t)status->st_mtim.tv_nsec;
}

/* trusted.* attributes are not shown to everybody, and nothing tells that they are there. */
static void hidden_warn(struct pack *pack, const struct walk_item *item)
{
    if (!pack->warns_hidden || item->status.st_uid == pack->uid)
        return;
    pack->warns_hidden = false;
    diag_warn(
        "%s: belongs to another user; its trusted.* attributes, such as the opaque mark of an "
        "overlay's directory, can be seen by root only and are left out",
        diag_name(item->path).text);
}

/* `*there` is false where a live tree has taken the item away. */
static enum status entry_load(struct pack *pack, const struct walk_item *item, bool *there)
{
    entry_fill(&pack->entry, item);
    if (pack->cached)
        return STATUS_OK;
    xattrs_clear(&pack->entry.xattrs);
    if (!pack->cache && pack->options->raw && pack->options->rewrite.no_xattrs)
        return STATUS_OK;
    if (xattr_read(item->fd, item->parent, item->name, &pack->entry.xattrs) != 0)
        return walk_read_failed(&pack->walk, "read extended attributes", there);
    if (item->parent < 0)
        pack->space = upper_space(&pack->entry.xattrs);
    if (pack->cache && pack->entry.type == TAR_FILE)
        cache_begin(pack->cache, item, &pack->entry.xattrs);
    return STATUS_OK;
}

/* The kind of the directory that holds the item. */
static enum upper_kind kind_above(const struct pack *pack, const struct walk_item *item)
{
    return item->parent < 0 ? UPPER_ENTRY : pack->kinds[item->depth];
}

static enum status kind_remember(struct pack *pack, const struct walk_item *item,
                                 enum upper_kind kind)
{
    size_t depth = item->parent < 0 ? 0 : item->depth + 1;
    if (array_reserve(&pack->kinds, &pack->kinds_capacity, depth + 1, sizeof *pack->kinds) != 0)
        return diag_no_memory();
    pack->kinds[depth] = kind;
    return STATUS_OK;
}

static enum status entry_open(struct pack *pack, const struct tar_entry *entry)
{
    tally_add(pack->tally, entry);
    return emit_open(pack->emit, entry);
}

/* Adds an entry that has no content. */
static enum status bare_emit(struct pack *pack, const struct tar_entry *entry)
{
    enum status status = entry_open(pack, entry);
    return status == STATUS_OK ? emit_close(pack->emit) : status;
}

/* Adds an empty file called PREFIX NAME in the directory whose path is the first `above` bytes of
 * `path`: the same bytes whatever form the mark had on disk. */
static enum status marker_emit(struct pack *pack, const char *path, size_t above,
                               const char *prefix, const char *name)
{
    pack->text.length = 0;
    if (buf_append(&pack->text, path, above) != 0 ||
        (above > 0 && buf_append(&pack->text, "/", 1) != 0) ||
        buf_append_text(&pack->text, prefix) != 0 ||
        buf_append(&pack->text, name, strlen(name) + 1) != 0)
        return diag_no_memory();
    struct tar_entry marker = {.path = pack->text.bytes, .type = TAR_FILE};
    return bare_emit(pack, &marker);
}

static enum status whiteout_emit(struct pack *pack, const struct walk_item *item)
{
    /* Where the directory is opaque already there is nothing left to hide. */
    if (kind_above(pack, item) == UPPER_OPAQUE)
        return STATUS_OK;
    size_t above = strlen(item->path) - strlen(item->name);
    return marker_emit(pack, item->path, above > 0 ? above - 1 : 0, WHITEOUT_PREFIX, item->name);
}

static enum status opaque_emit(struct pack *pack, const struct walk_item *item)
{
    size_t above = item->parent < 0 ? 0 : strlen(item->path);
    return marker_emit(pack, item->path, above, WHITEOUT_OPAQUE_NAME, "");
}

static enum status directory_emit(struct pack *pack, const struct walk_item *item,
                                  enum upper_kind kind)
{
    enum status status = kind_remember(pack, item, kind);
    if (status == STATUS_OK)
        status = bare_emit(pack, &pack->entry);
    return status;
}

/* Reads the target; its length may change until it is read, but not beyond PATH_MAX. `*there` is as
 * above. */
static enum status symlink_load(struct pack *pack, const struct walk_item *item, bool *there)
{
    if (buf_reserve(&pack->text, PATH_MAX) != 0)
        return diag_no_memory();
    ssize_t length = readlinkat(item->parent, item->name, pack->text.bytes, PATH_MAX - 1);
    if (length < 0)
        return walk_read_failed(&pack->walk, "read the link", there);
    pack->text.bytes[length] = '\0';
    pack->entry.link = pack->text.bytes;
    return STATUS_OK;
}

/* Makes the entry a hard link where the item is another name of an inode that the archive holds. */
static enum status hardlink_find(struct pack *pack, const struct walk_item *item)
{
    const char *first = NULL;
    if (item->status.st_nlink < 2 || S_ISDIR(item->status.st_mode))
        return STATUS_OK;
    if (links_visit(&pack->links, &item->status, item->path, &first) != 0)
        return diag_no_memory();
    if (!first)
        return STATUS_OK;
    pack->entry.type = TAR_HARDLINK;
    pack->entry.link = first;
    pack->entry.size = 0;
    pack->entry.major = pack->entry.minor = 0;
    xattrs_clear(&pack->entry.xattrs); /* they belong to the inode, which has its entry */
    return STATUS_OK;
}

/* Adds the content of a file: from the cache, or read, and then to be remembered. */
static enum status file_emit(struct pack *pack, const struct walk_item *item)
{
    struct digest_value value;
    enum status status = STATUS_OK;
    if (pack->cached) {
        cache_digest(pack->cache, &value);
        emit_known(pack->emit, &value);
    } else {
        status = content_emit(pack->emit, &pack->scout, item, pack->options->live);
    }
    if (status == STATUS_OK)
        status = emit_close(pack->emit);
    if (status == STATUS_OK && pack->cache)
        cache_add(pack->cache, &pack->emit->value);
    return status;
}

static enum status node_emit(struct pack *pack, const struct walk_item *item)
{
    bool there = true;
    enum status status = STATUS_OK;
    /* First: a hard link may lead only to what is in the archive. */
    if (pack->entry.type == TAR_SYMLINK)
        status = symlink_load(pack, item, &there);
    if (status != STATUS_OK || !there)
        return status;
    status = hardlink_find(pack, item);
    if (status == STATUS_OK)
        status = entry_open(pack, &pack->entry);
    if (status == STATUS_OK && pack->entry.type == TAR_FILE)
        return file_emit(pack, item);
    return status == STATUS_OK ? emit_close(pack->emit) : status;
}

/* Names that would restore as deletions: fuse-overlayfs' own marks are taken as what they say. */
static enum status marker_name_check(const struct walk_item *item, bool *skip)
{
    bool opaque =
        strcmp(item->name, WHITEOUT_OPAQUE_NAME) == 0 || strcmp(item->name, ".wh..opq") == 0;
    *skip = opaque && !S_ISDIR(item->status.st_mode);
    if (*skip || strncmp(item->name, WHITEOUT_PREFIX, strlen(WHITEOUT_PREFIX)) != 0)
        return STATUS_OK;
    diag_error("%s: a name that begins with " WHITEOUT_PREFIX
               " would restore as a deletion (--whiteouts=raw keeps it as it is)",
               diag_name(item->path).text);
    return STATUS_SYSTEM;
}

/* An entry of an overlay's upper directory, in the form of the OCI layer specification. */
static enum status upper_emit(struct pack *pack, const struct walk_item *item)
{
    enum upper_kind kind = UPPER_ENTRY;
    bool skip = false;
    enum status status = marker_name_check(item, &skip);
    if (status != STATUS_OK || skip)
        return status;
    status = upper_interpret(pack->space, item, kind_above(pack, item), &pack->entry.xattrs, &kind);
    if (status != STATUS_OK)
        return status;
    if (kind == UPPER_WHITEOUT)
        return whiteout_emit(pack, item);
    status = rewrite_entry(&pack->options->rewrite, &pack->entry);
    if (status != STATUS_OK)
        return status;
    if (pack->entry.type != TAR_DIRECTORY)
        return node_emit(pack, item);
    status = directory_emit(pack, item, kind);
    if (status == STATUS_OK && kind == UPPER_OPAQUE)
        status = opaque_emit(pack, item);
    return status;
}

static enum status raw_emit(struct pack *pack, const struct walk_item *item)
{
    enum status status = rewrite_entry(&pack->options->rewrite, &pack->entry);
    if (status != STATUS_OK)
        return status;
    return pack->entry.type == TAR_DIRECTORY ? directory_emit(pack, item, UPPER_ENTRY)
                                             : node_emit(pack, item);
}

/* What the command line excludes, and what a merge that is under way, or died, has in the root. */
static bool is_left_out(const void *context, const struct walk_item *item)
{
    const struct pack *pack = context;
    if (item->parent < 0)
        return false;
    if (item->depth == 0 && staging_name_is(item->name, STAGING_MERGE)) {
        diag_warn("%s: the staging directory of a merge is left out", diag_name(item->path).text);
        return true;
    }
    return exclude_matches(&pack->options->exclude, item->path);
}

/* Whether the item will be a hard link: all of its inode is known by its first name. Not so an
 * empty file that may be a whiteout where this name is. */
static bool is_other_name(struct pack *pack, const struct walk_item *item)
{
    if (item->status.st_nlink < 2 || kind_above(pack, item) == UPPER_XWHITEOUTS ||
        !links_knows(&pack->links, &item->status))
        return false;
    xattrs_clear(&pack->entry.xattrs);
    return true;
}

/* Finds the entry as it is in the cache, or looks at it. */
static enum status item_look(struct pack *pack, const struct walk_item *item, bool *there)
{
    pack->cached =
        pack->cache && walk_peek(&pack->walk) &&
        (is_other_name(pack, item) || cache_find(pack->cache, item, &pack->entry.xattrs));
    *there = pack->cached;
    return pack->cached ? STATUS_OK : walk_look(&pack->walk, there);
}

static enum status item_emit(struct pack *pack, const struct walk_item *item)
{
    bool there = false;
    enum status status = is_left_out(pack, item) ? STATUS_OK : item_look(pack, item, &there);
    if (status != STATUS_OK || !there)
        return status;
    if (item->parent < 0)
        pack->device = item->status.st_dev;
    /* As tar has it: the mount point is an entry, what is mounted there is not. */
    if (pack->options->one_file_system && item->status.st_dev != pack->device)
        walk_prune(&pack->walk);
    if (S_ISSOCK(item->status.st_mode)) {
        pack->tally->sockets++;
        diag_warn("%s: socket left out", diag_name(item->path).text);
        return STATUS_OK;
    }
    hidden_warn(pack, item);
    status = entry_load(pack, item, &there);
    if (status != STATUS_OK || !there)
        return status;
    if (pack->options->verbose)
        diag_note("%s", diag_name(item->path).text);
    return pack->options->raw ? raw_emit(pack, item) : upper_emit(pack, item);
}

enum status pack_tree(const struct options *options, int root, struct emit *emit,
                      struct cache *cache, struct tally *tally)
{
    struct pack pack = {.options = options,
                        .emit = emit,
                        .cache = cache,
                        .tally = tally,
                        .uid = geteuid(),
                        .warns_hidden = !privilege_sees_trusted()};
    pack.links.live = options->live;
    scout_prepare(&pack.scout, root, options->jobs > 1);
    pack.scout.leaves_out = is_left_out;
    pack.scout.context = &pack;
    pack.scout.one_file_system = options->one_file_system;
    const struct walk_item *item = NULL;
    enum status status = walk_start(&pack.walk, root, options->live);
    if (status == STATUS_OK)
        status = walk_next(&pack.walk, &item);
    while (status == STATUS_OK && item) {
        scout_step(&pack.scout);
        status = item_emit(&pack, item);
        if (status == STATUS_OK)
            status = walk_next(&pack.walk, &item);
    }
    scout_stop(&pack.scout);
    if (status == STATUS_OK)
        exclude_warn_unused(&options->exclude);
    walk_free(&pack.walk);
    links_free(&pack.links);
    free(pack.kinds);
    xattrs_free(&pack.entry.xattrs);
    buf_free(&pack.text);
    return status;
}
