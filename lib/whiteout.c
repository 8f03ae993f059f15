#include "whiteout.h"

#include <string.h>

enum whiteout whiteout_parse(const char *path, const char **hidden)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const size_t prefix = strlen(WHITEOUT_PREFIX);
    if (strncmp(name, WHITEOUT_PREFIX, prefix) != 0)
        return WHITEOUT_NONE;
    if (strcmp(name, WHITEOUT_OPAQUE_NAME) == 0)
        return WHITEOUT_OPAQUE;
    name += prefix;
    if (strcmp(name, "") == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return WHITEOUT_INVALID;
    if (strncmp(name, WHITEOUT_PREFIX, prefix) == 0)
        return WHITEOUT_RESERVED;
    if (hidden)
        *hidden = name;
    return WHITEOUT_ENTRY;
}
