#include "packer.h"

#include "cache/cache.h"
#include "content.h"
#include "diag.h"
#include "entry.h"
#include "later.h"
#include "staging_name.h"
#include "thread.h"
#include "tree/ahead.h"
#include "tree/hidden.h"
#include "tree/kinds.h"
#include "tree/links.h"
#include "tree/override.h"
#include "tree/scout.h"
#include "tree/upper.h"
#include "whiteout.h"
#include "xattr_read.h"

#include <string.h>

struct packer {
    const struct options *options;
    struct emit *emit;
    struct tally *tally;
    dev_t device; /* of the root */
    struct walk walk;
    struct scout *scout;       /* NULL: none */
    struct ahead *ahead;       /* NULL: none */
    struct cache *cache;       /* NULL: none */
    struct digester *digester; /* of a manifest */
    struct later later;        /* of a manifest */
    bool content_known; /* the current entry is unchanged, or another name of a known inode */
    struct digest_value found; /* of the content of an unchanged file */
    struct place place;        /* likewise */
    struct links links;
    struct upper upper;
    struct kinds kinds;
    struct tar_entry entry;
    struct hidden hidden;
    struct buf text; /* the target of a symbolic link, the name of a whiteout */
};

/* Reads the status and attributes of the item. `*there` is false if it vanished (--live). */
static enum status entry_load(struct packer *pack, const struct walk_item *item, bool *there)
{
    entry_fill(&pack->entry, item);
    if (pack->content_known)
        return STATUS_OK;
    xattrs_clear(&pack->entry.xattrs);
    if (!pack->cache && pack->options->raw && pack->options->rewrite.no_xattrs)
        return STATUS_OK;
    if (xattr_read(item->fd, item->parent, item->name, &pack->entry.xattrs) != 0)
        return walk_read_failed(&pack->walk, "read extended attributes", there);
    if (item->parent < 0)
        upper_judge(&pack->upper, &pack->entry.xattrs);
    if (pack->cache && pack->entry.type == TAR_FILE)
        cache_begin(pack->cache, item, &pack->entry.xattrs);
    return STATUS_OK;
}

static enum status entry_open(struct packer *pack, const struct tar_entry *entry)
{
    tally_add(pack->tally, entry);
    return emit_open(pack->emit, entry);
}

/* Adds an entry that has no content. */
static enum status bare_emit(struct packer *pack, const struct tar_entry *entry)
{
    enum status status = entry_open(pack, entry);
    return status == STATUS_OK ? emit_close(pack->emit) : status;
}

/* Adds an empty file PREFIX NAME in the directory whose path is the first `above` bytes of `path`.
 * Its bytes do not depend on the form of the marker on disk. */
static enum status marker_emit(struct packer *pack, const char *path, size_t above,
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

static enum status whiteout_emit(struct packer *pack, const struct walk_item *item,
                                 const char *hidden)
{
    /* An opaque directory already hides everything. */
    if (kinds_above(&pack->kinds, item) == UPPER_OPAQUE)
        return STATUS_OK;
    size_t above = strlen(item->path) - strlen(item->name);
    return marker_emit(pack, item->path, above > 0 ? above - 1 : 0, WHITEOUT_PREFIX, hidden);
}

static enum status opaque_emit(struct packer *pack, const struct walk_item *item)
{
    size_t above = item->parent < 0 ? 0 : strlen(item->path);
    return marker_emit(pack, item->path, above, WHITEOUT_OPAQUE_NAME, "");
}

static enum status directory_emit(struct packer *pack, const struct walk_item *item,
                                  enum upper_kind kind)
{
    enum status status = kinds_remember(&pack->kinds, item, kind);
    return status == STATUS_OK ? bare_emit(pack, &pack->entry) : status;
}

/* Makes the entry a hard link if the archive already has another name of its inode. */
static enum status hardlink_find(struct packer *pack, const struct walk_item *item)
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
    xattrs_clear(&pack->entry.xattrs); /* the first entry of the inode has them */
    return STATUS_OK;
}

/* Adds the content of a file that is unchanged. */
static enum status found_emit(struct packer *pack, const struct walk_item *item)
{
    enum status status = digester_keep(pack->digester, item->path, (uint64_t)item->status.st_size,
                                       &pack->found, &pack->place);
    if (status != STATUS_OK)
        return status;
    cache_keep(pack->cache, &pack->place);
    emit_known(pack->emit, &pack->found);
    return emit_close(pack->emit);
}

/* Adds a file whose content another thread reads. */
static enum status unread_emit(struct packer *pack, const struct walk_item *item)
{
    enum status status = emit_close(pack->emit);
    if (status != STATUS_OK)
        return status;
    scout_probe(pack->scout, item->fd);
    const struct source source =
        source_make(walk_take(&pack->walk), &item->status, pack->options->live);
    return later_add(&pack->later, &source, item->path);
}

/* Stores whether another thread reads the content of the file. */
static enum status thread_reads(struct packer *pack, const struct walk_item *item, bool *reads)
{
    struct guess guess = {0};
    *reads = false;
    if (!pack->digester || !content_is_whole(item))
        return STATUS_OK;
    if (pack->cache && cache_guesses(pack->cache))
        cache_get(pack->cache, &guess.value, &guess.place);
    return digester_reads(pack->digester, pack->entry.size, &guess, reads);
}

/* Adds the content of a file. In a manifest the digest may come from the cache. */
static enum status file_emit(struct packer *pack, const struct walk_item *item)
{
    bool reads = false;
    if (pack->content_known)
        return found_emit(pack, item);
    enum status status = thread_reads(pack, item, &reads);
    if (status == STATUS_OK && reads)
        return unread_emit(pack, item);
    if (status == STATUS_OK)
        status = later_begin(&pack->later, pack->entry.size);
    if (status == STATUS_OK)
        status = content_emit(pack->emit, pack->scout, item, pack->options->live);
    if (status == STATUS_OK)
        status = emit_close(pack->emit);
    return status == STATUS_OK ? later_add(&pack->later, NULL, NULL) : status;
}

static enum status node_emit(struct packer *pack, const struct walk_item *item)
{
    bool there = true;
    enum status status = STATUS_OK;
    /* Before hardlink_find(), which remembers the item: if it vanished, it is not in the archive.
     */
    if (pack->entry.type == TAR_SYMLINK) {
        status = walk_read_link(&pack->walk, &pack->text, &there);
        pack->entry.link = pack->text.bytes;
    }
    if (status != STATUS_OK || !there)
        return status;
    status = hardlink_find(pack, item);
    if (status == STATUS_OK)
        status = entry_open(pack, &pack->entry);
    if (status == STATUS_OK && pack->entry.type == TAR_FILE)
        return file_emit(pack, item);
    return status == STATUS_OK ? emit_close(pack->emit) : status;
}

/* Handles names that begin with ".wh."; `*skip` tells that this was all. Of the marks of opaque
 * directories, upper_interpret() has seen what they mark. */
static enum status name_take(struct packer *pack, const struct walk_item *item, bool *skip)
{
    const char *hidden = item->name;
    enum upper_name name = UPPER_NAME;
    enum status status = upper_name(&pack->upper, item, &name, &hidden);
    *skip = name != UPPER_NAME;
    if (name == UPPER_NAME_AUFS)
        walk_prune(&pack->walk);
    return status == STATUS_OK && name == UPPER_NAME_WHITEOUT ? whiteout_emit(pack, item, hidden)
                                                              : status;
}

/* Adds an entry of an overlay's upper directory in the form of the OCI layer specification. */
static enum status upper_emit(struct packer *pack, const struct walk_item *item)
{
    enum upper_kind kind = UPPER_ENTRY;
    bool skip = false;
    enum status status = name_take(pack, item, &skip);
    if (status == STATUS_OK && !skip && pack->upper.override)
        status = override_apply(pack->upper.override, &pack->entry);
    if (status != STATUS_OK || skip)
        return status;
    status = upper_interpret(pack->upper.space, item, kinds_above(&pack->kinds, item),
                             &pack->entry.xattrs, &kind);
    if (status != STATUS_OK)
        return status;
    if (kind == UPPER_WHITEOUT)
        return whiteout_emit(pack, item, item->name);
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

static enum status raw_emit(struct packer *pack, const struct walk_item *item)
{
    enum status status = rewrite_entry(&pack->options->rewrite, &pack->entry);
    if (status != STATUS_OK)
        return status;
    return pack->entry.type == TAR_DIRECTORY ? directory_emit(pack, item, UPPER_ENTRY)
                                             : node_emit(pack, item);
}

/* Whether the item is excluded, or is the staging directory of a running or dead merge. */
static bool is_left_out(const void *context, const struct walk_item *item)
{
    const struct packer *pack = context;
    if (item->parent < 0)
        return false;
    if (item->depth == 0 && staging_name_is(item->name, STAGING_MERGE)) {
        diag_warn("%s: the staging directory of a merge is left out", diag_name(item->path).text);
        return true;
    }
    return exclude_matches(&pack->options->exclude, item->path);
}

/* Whether the item will be a hard link, so that nothing of its inode has to be read. An empty file
 * may be a whiteout under this name only. */
static bool is_other_name(struct packer *pack, const struct walk_item *item)
{
    if (item->status.st_nlink < 2 || kinds_above(&pack->kinds, item) == UPPER_XWHITEOUTS ||
        pack->upper.override || !links_knows(&pack->links, &item->status))
        return false;
    xattrs_clear(&pack->entry.xattrs);
    return true;
}

/* Knows the status of the item without opening it. Returns whether it is a regular file. */
static bool item_peek(struct packer *pack, const struct walk_item *item)
{
    struct stat status;
    if (!ahead_status(pack->ahead, item, &status))
        return walk_peek(&pack->walk);
    walk_set_status(&pack->walk, &status);
    return true;
}

/* Whether nothing has to be read of the item: it is another name of an inode, or the cache has it
 * and, if contents are stored, a pack has its content. */
static enum status item_find(struct packer *pack, const struct walk_item *item)
{
    pack->content_known = false;
    if (!pack->cache || !item_peek(pack, item))
        return STATUS_OK;
    pack->content_known = is_other_name(pack, item);
    if (pack->content_known || !cache_find(pack->cache, item, &pack->entry.xattrs))
        return STATUS_OK;
    cache_get(pack->cache, &pack->found, &pack->place);
    return digester_knows(pack->digester, (uint64_t)item->status.st_size, &pack->found,
                          &pack->place, &pack->content_known);
}

/* Finds the item unchanged in the cache, or opens it. */
static enum status item_look(struct packer *pack, const struct walk_item *item, bool *there)
{
    enum status status = item_find(pack, item);
    *there = pack->content_known;
    return status != STATUS_OK || pack->content_known ? status : walk_look(&pack->walk, there);
}

static enum status item_emit(struct packer *pack, const struct walk_item *item)
{
    bool there = false;
    enum status status = is_left_out(pack, item) ? STATUS_OK : item_look(pack, item, &there);
    if (status != STATUS_OK || !there)
        return status;
    if (item->parent < 0)
        pack->device = item->status.st_dev;
    /* As in tar, the mount point is an entry, but nothing below it. */
    if (pack->options->one_file_system && item->status.st_dev != pack->device)
        walk_prune(&pack->walk);
    if (S_ISSOCK(item->status.st_mode)) {
        pack->tally->sockets++;
        diag_warn("%s: socket left out", diag_name(item->path).text);
        return STATUS_OK;
    }
    hidden_warn(&pack->hidden, item);
    status = entry_load(pack, item, &there);
    if (status != STATUS_OK || !there)
        return status;
    if (pack->options->verbose)
        diag_note("%s", diag_name(item->path).text);
    return pack->options->raw ? raw_emit(pack, item) : upper_emit(pack, item);
}

/* Goes to the next item, NULL after the last. */
static enum status item_next(struct packer *pack, const struct walk_item **item)
{
    struct names names;
    if (*item && walk_enters(&pack->walk) && ahead_names(pack->ahead, *item, &names))
        walk_give_names(&pack->walk, &names);
    return walk_next(&pack->walk, item);
}

enum status packer_run(const struct options *options, int root, struct emit *emit,
                       struct cache *cache, struct tally *tally)
{
    struct packer pack = {.options = options,
                          .emit = emit,
                          .cache = cache,
                          .digester = emit->digester,
                          .tally = tally,
                          .hidden = hidden_make()};
    pack.links.live = options->live;
    const struct walk_limits limits = {is_left_out, &pack, options->one_file_system,
                                       options->raw ? NULL : upper_key, WHITEOUT_PREFIX};
    if (options->jobs > 1)
        pack.scout = scout_new(root, &limits);
    pack.walk.key = limits.key;
    pack.walk.marked = limits.marked;
    if (options->jobs > 1 && thread_cpus() > 1 && cache && cache_is_warm(cache))
        pack.ahead = ahead_new(root, &limits);
    if (pack.digester)
        later_start(&pack.later, emit, cache);
    const struct walk_item *item = NULL;
    enum status status = walk_start(&pack.walk, root, options->live);
    if (status == STATUS_OK)
        status = item_next(&pack, &item);
    while (status == STATUS_OK && item) {
        scout_step(pack.scout);
        status = item_emit(&pack, item);
        if (status == STATUS_OK)
            status = later_advance(&pack.later);
        if (status == STATUS_OK)
            status = item_next(&pack, &item);
    }
    ahead_stop(pack.ahead);
    scout_stop(pack.scout);
    status = later_end(&pack.later, status);
    if (status == STATUS_OK)
        exclude_warn_unused(&options->exclude);
    walk_free(&pack.walk);
    links_free(&pack.links);
    kinds_free(&pack.kinds);
    xattrs_free(&pack.entry.xattrs);
    buf_free(&pack.text);
    return status;
}
