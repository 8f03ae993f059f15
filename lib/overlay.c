#include "overlay.h"

#include <stddef.h>
#include <string.h>

#define ESCAPE "overlay."

const char *overlay_prefix(enum overlay_space space)
{
    return space == OVERLAY_USER ? "user.overlay." : "trusted.overlay.";
}

const char *overlay_key(enum overlay_space space, const char *name)
{
    const char *prefix = overlay_prefix(space);
    size_t length = strlen(prefix);
    return strncmp(name, prefix, length) == 0 ? name + length : NULL;
}

int overlay_escape(enum overlay_space space, const char *key, struct buf *name)
{
    if (buf_append_text(name, overlay_prefix(space)) != 0 || buf_append_text(name, ESCAPE) != 0)
        return -1;
    return buf_append_text(name, key);
}

const char *overlay_unescape(const char *key)
{
    return strncmp(key, ESCAPE, strlen(ESCAPE)) == 0 ? key + strlen(ESCAPE) : NULL;
}

bool overlay_is_own(enum overlay_space space, const char *name)
{
    const char *key = overlay_key(space, name);
    return key && !overlay_unescape(key);
}

const char *overlay_impure(enum overlay_space space)
{
    return space == OVERLAY_USER ? "user.overlay.impure" : "trusted.overlay.impure";
}

const char *overlay_opaque(enum overlay_space space)
{
    return space == OVERLAY_USER ? "user.overlay.opaque" : "trusted.overlay.opaque";
}

const char *overlay_whiteout(enum overlay_space space)
{
    return space == OVERLAY_USER ? "user.overlay.whiteout" : "trusted.overlay.whiteout";
}
