#include "tree/hidden.h"

#include "diag.h"
#include "privilege.h"

#include <unistd.h>

struct hidden hidden_make(void)
{
    return (struct hidden){.user = geteuid(), .warns = !privilege_sees_trusted()};
}

void hidden_warn(struct hidden *hidden, const struct walk_item *item)
{
    if (!hidden->warns || item->status.st_uid == hidden->user)
        return;
    hidden->warns = false;
    diag_warn(
        "%s: belongs to another user; trusted.* attributes, such as the one that marks opaque "
        "directories of an overlay, are visible to root only and are left out",
        diag_name(item->path).text);
}
