#include "overlay.h"

#include <stddef.h>
#include <string.h>

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

const char *overlay_opaque(enum overlay_space space)
{
    return space == OVERLAY_USER ? "user.overlay.opaque" : "trusted.overlay.opaque";
}

const char *overlay_whiteout(enum overlay_space space)
{
    return space == OVERLAY_USER ? "user.overlay.whiteout" : "trusted.overlay.whiteout";
}
