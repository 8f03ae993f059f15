#include "rewrite.h"

#include "diag.h"

#include <inttypes.h>
#include <string.h>

static bool is_later(struct tar_time a, struct tar_time b)
{
    return a.seconds != b.seconds ? a.seconds > b.seconds : a.nanoseconds > b.nanoseconds;
}

static void mtime_rewrite(const struct rewrite *rewrite, struct tar_entry *entry)
{
    bool late = rewrite->clamp_mtime && is_later(entry->mtime, rewrite->mtime);
    if (rewrite->set_mtime || late)
        entry->mtime = rewrite->mtime;
    if (rewrite->whole_seconds)
        entry->mtime.nanoseconds = 0;
}

static bool xattr_is_wanted(const struct rewrite *rewrite, const char *name)
{
    if (rewrite->no_xattrs || globs_match(&rewrite->xattrs_exclude, name))
        return false;
    return !xattr_is_local(name) || globs_match(&rewrite->xattrs_include, name);
}

static void xattrs_select(const struct rewrite *rewrite, struct xattrs *xattrs)
{
    for (size_t i = xattrs->count; i-- > 0;) {
        if (!xattr_is_wanted(rewrite, xattrs_get(xattrs, i).name))
            xattrs_remove(xattrs, i);
    }
}

static enum status unmapped(const struct tar_entry *entry, const char *what, uint32_t id)
{
    return diag_error("%s: no range maps %s (%" PRIu32 ")", diag_name(entry->path).text, what, id);
}

enum status rewrite_entry(const struct rewrite *rewrite, struct tar_entry *entry)
{
    uint32_t id = 0;
    xattrs_select(rewrite, &entry->xattrs);
    mtime_rewrite(rewrite, entry);
    if (rewrite->set_uid)
        entry->uid = rewrite->uid;
    else if (idmap_apply(&rewrite->uids, &entry->uid) != 0)
        return unmapped(entry, "its owner", entry->uid);
    if (rewrite->set_gid)
        entry->gid = rewrite->gid;
    else if (idmap_apply(&rewrite->gids, &entry->gid) != 0)
        return unmapped(entry, "its group", entry->gid);
    if (idmap_apply_xattrs(&rewrite->uids, &rewrite->gids, &entry->xattrs, &id) != 0)
        return unmapped(entry, "an id in its ACL or capability", id);
    return STATUS_OK;
}

void rewrite_free(struct rewrite *rewrite)
{
    idmap_free(&rewrite->uids);
    idmap_free(&rewrite->gids);
    globs_free(&rewrite->xattrs_include);
    globs_free(&rewrite->xattrs_exclude);
}
