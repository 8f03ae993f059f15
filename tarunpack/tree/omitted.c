#include "tree/omitted.h"

#include "acl.h"
#include "diag.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Stores the kind of an attribute: user.* and trusted.* as a whole, security.* and system.* by
 * their names. Of other namespaces, which Linux does not have, the first two components:
 * com.apple.*
 */
static void kind_name(const char *name, char kind[static sizeof((struct omitted_kind){0}).name])
{
    const size_t size = sizeof((struct omitted_kind){0}).name;
    bool whole = strncmp(name, "security.", 9) == 0 || strncmp(name, "system.", 7) == 0;
    bool known = strncmp(name, "user.", 5) == 0 || strncmp(name, "trusted.", 8) == 0;
    const char *dot = whole ? NULL : strchr(name, '.');
    if (dot && !known && strchr(dot + 1, '.'))
        dot = strchr(dot + 1, '.');
    if (strcmp(name, ACL_XATTR_ACCESS) == 0 || strcmp(name, ACL_XATTR_DEFAULT) == 0)
        kind[0] = '\0';
    else if (dot)
        (void)snprintf(kind, size, "%.*s.*", (int)(dot - name), name);
    else
        (void)snprintf(kind, size, "%s", name);
}

static void kind_count(struct omitted *omitted, const char *kind, enum omitted_why why,
                       uint64_t count)
{
    unsigned at = 0;
    while (at < omitted->count &&
           (omitted->kinds[at].why != why || strcmp(omitted->kinds[at].name, kind) != 0))
        at++;
    if (at == OMITTED_KINDS) {
        at--;
        (void)snprintf(omitted->kinds[at].name, sizeof omitted->kinds[at].name, "of other kinds");
    } else if (at == omitted->count) {
        (void)snprintf(omitted->kinds[at].name, sizeof omitted->kinds[at].name, "%s", kind);
        omitted->kinds[at].why = why;
        omitted->count++;
    }
    omitted->kinds[at].count += count;
}

void omitted_attribute(struct omitted *omitted, const char *name, enum omitted_why why)
{
    struct omitted_kind kind;
    kind_name(name, kind.name);
    kind_count(omitted, kind.name, why, 1);
}

void omitted_time(struct omitted *omitted)
{
    omitted->times++;
}

void omitted_merge(struct omitted *omitted, const struct omitted *from)
{
    for (unsigned i = 0; i < from->count; i++)
        kind_count(omitted, from->kinds[i].name, from->kinds[i].why, from->kinds[i].count);
    omitted->times += from->times;
}

static int kind_compare(const void *left, const void *right)
{
    const struct omitted_kind *a = left, *b = right;
    int order = strcmp(a->name, b->name);
    return order != 0 ? order : (int)a->why - (int)b->why;
}

const char *omitted_text(enum omitted_why why)
{
    static const char *const texts[] = {
        [OMITTED_FOREIGN] = "this file system does not hold them",
        [OMITTED_TYPE] = "this type of file cannot have them",
        [OMITTED_USER] = "this user may not set them",
        [OMITTED_IDS] = "this user namespace does not have the ids in them",
        [OMITTED_NAMES] = "there are no ids for the names in them",
        [OMITTED_LOCAL] = "--xattrs-include restores them",
    };
    return texts[why];
}

static void kind_warn(const struct omitted_kind *kind)
{
    const char *why = omitted_text(kind->why);
    bool one = kind->count == 1, acl = kind->name[0] == '\0';
    diag_warn("%" PRIu64 " %s%s%s%s %s left out: %.*s%s", kind->count, acl ? "ACL" : "attribute",
              one ? "" : "s", acl ? "" : " ", diag_name(kind->name).text, one ? "was" : "were",
              (int)(strlen(why) - strlen("them")), why, one ? "it" : "them");
}

void omitted_warn(struct omitted *omitted)
{
    qsort(omitted->kinds, omitted->count, sizeof *omitted->kinds, kind_compare);
    for (unsigned i = 0; i < omitted->count; i++)
        kind_warn(&omitted->kinds[i]);
    if (omitted->times > 0)
        diag_warn("%" PRIu64 " modification time%s changed to the nearest that this file system "
                  "holds",
                  omitted->times, omitted->times == 1 ? " was" : "s were");
}
