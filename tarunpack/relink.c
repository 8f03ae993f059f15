#include "relink.h"

#include "diag.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

/* What a link costs beside its texts, and what all may cost: as for the metadata of directories. */
#define LINK_SIZE 200
#define BYTES_MAX ((size_t)64 << 20)

/* Further errors would bury the first ones. */
#define ERRORS_MAX 10

static int path_compare(const void *left, const void *right)
{
    return strcmp(((const struct relink_link *)left)->path,
                  ((const struct relink_link *)right)->path);
}

static int target_compare(const void *left, const void *right)
{
    return strcmp(((const struct relink_link *)left)->target,
                  ((const struct relink_link *)right)->target);
}

static struct relink_link *by_path(const struct relink *relink, const char *path)
{
    const struct relink_link wanted = {.path = path};
    void *found = tfind(&wanted, &relink->by_path, path_compare);
    return found ? *(struct relink_link **)found : NULL;
}

static struct relink_link *by_target(const struct relink *relink, const char *target)
{
    const struct relink_link wanted = {.target = target};
    void *found = tfind(&wanted, &relink->by_target, target_compare);
    return found ? *(struct relink_link **)found : NULL;
}

static struct relink_link *link_new(const struct relink *relink, const struct tar_entry *entry)
{
    size_t path = strlen(entry->path) + 1, target = strlen(entry->link) + 1;
    const struct relink_link *through = by_path(relink, entry->link);
    struct relink_link *link = calloc(1, sizeof *link + path + target);
    if (!link)
        return NULL;
    memcpy(link->texts, entry->path, path);
    memcpy(link->texts + path, entry->link, target);
    link->path = link->texts;
    link->link = link->texts + path;
    link->target = through ? through->target : link->link;
    return link;
}

/* Adds the link to the links of its target. Returns 0; -1 if out of memory. */
static int link_enter(struct relink *relink, struct relink_link *link)
{
    struct relink_link **first = tsearch(link, &relink->by_target, target_compare);
    if (!first || !tsearch(link, &relink->by_path, path_compare))
        return -1;
    link->first = *first;
    if (link->first != link)
        link->first->last->next = link;
    link->first->last = link;
    return 0;
}

bool relink_has(const struct relink *relink, const char *target)
{
    return by_path(relink, target) != NULL;
}

enum status relink_add(struct relink *relink, const struct tar_entry *entry)
{
    relink->bytes += strlen(entry->path) + strlen(entry->link) + LINK_SIZE;
    if (relink->bytes > BYTES_MAX) {
        diag_error("the hard links to entries that are not selected need more than %zu bytes",
                   BYTES_MAX);
        return STATUS_ARCHIVE;
    }
    struct relink_link *link = link_new(relink, entry);
    if (!link)
        return diag_no_memory();
    *(relink->newest ? &relink->newest->newer : &relink->oldest) = link;
    relink->newest = link;
    return link_enter(relink, link) == 0 ? STATUS_OK : diag_no_memory();
}

void relink_replace(struct relink *relink, const char *path)
{
    struct relink_link *link = by_path(relink, path);
    if (!link)
        return;
    link->replaced = true;
    (void)tdelete(link, &relink->by_path, path_compare);
}

/* The target gets the path of the first link to it. A target that occurs twice remains an error:
 * which one a link means depends on their order. */
static bool target_take(const struct relink *relink, const struct tar_entry *entry,
                        struct tar_entry *made)
{
    struct relink_link *first = by_target(relink, entry->path), *stand = first;
    while (stand && (stand->replaced || stand->early))
        stand = stand->next;
    if (!stand)
        return false;
    first->twice = first->stand != NULL;
    if (first->twice)
        return false;
    first->stand = stand;
    stand->made = true;
    *made = *entry;
    made->path = stand->path;
    return true;
}

bool relink_take(const struct relink *relink, const struct tar_entry *entry, struct tar_entry *made)
{
    if (entry->type != TAR_HARDLINK)
        return entry->type != TAR_DIRECTORY && target_take(relink, entry, made);
    struct relink_link *link = by_path(relink, entry->path);
    if (!link || link->made || strcmp(link->link, entry->link) != 0)
        return false;
    const struct relink_link *stand = link->first->stand;
    link->early = !stand;
    if (!stand || link->first->twice)
        return false;
    link->made = true;
    *made = *entry;
    made->link = stand->path;
    return true;
}

enum status relink_check(const struct relink *relink, bool again)
{
    size_t errors = 0;
    for (const struct relink_link *link = relink->oldest; link; link = link->newer) {
        bool made = link->made && !link->first->twice;
        if (link->replaced || made || ++errors > ERRORS_MAX)
            continue;
        diag_error("%s: is a hard link to %s, which is not selected; select it too%s",
                   diag_name(link->path).text, diag_name(link->target).text,
                   again ? "" : ", or read the archive from a file");
    }
    if (errors > ERRORS_MAX)
        diag_error("%zu more hard links to entries that are not selected", errors - ERRORS_MAX);
    return errors > 0 ? STATUS_SYSTEM : STATUS_OK;
}

/* The trees hold the same links as the list. */
static void keep(void *link)
{
    (void)link;
}

void relink_free(struct relink *relink)
{
    tdestroy(relink->by_path, keep);
    tdestroy(relink->by_target, keep);
    for (struct relink_link *link = relink->oldest, *newer = NULL; link; link = newer) {
        newer = link->newer;
        free(link);
    }
    *relink = (struct relink){0};
}
