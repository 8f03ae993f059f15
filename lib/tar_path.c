#include "tar_path.h"

#include "tar_entry.h"
#include "whiteout.h"

#include <string.h>

/* The name of a whiteout is longer than the name it hides, and only the last component can be one.
 */
static size_t component_limit(const char *name, size_t length)
{
    const size_t prefix = sizeof WHITEOUT_PREFIX - 1;
    bool last = name[length + strspn(name + length, "/")] == '\0';
    bool whiteout = length > prefix && memcmp(name, WHITEOUT_PREFIX, prefix) == 0;
    return last && whiteout ? TAR_NAME_MAX + prefix : TAR_NAME_MAX;
}

static enum tar_error component_append(struct buf *path, const char *name, size_t length)
{
    if (length == 0 || (length == 1 && name[0] == '.'))
        return TAR_OK;
    if (length == 2 && name[0] == '.' && name[1] == '.')
        return TAR_BAD_PATH;
    if (length > component_limit(name, length))
        return TAR_BAD_NAME_LENGTH;
    if (path->length > 0 && buf_append(path, "/", 1) != 0)
        return TAR_NO_MEMORY;
    return buf_append(path, name, length) == 0 ? TAR_OK : TAR_NO_MEMORY;
}

enum tar_error tar_path_normalise(const char *text, struct buf *path, bool *absolute)
{
    if (*text == '\0')
        return TAR_BAD_PATH;
    if (*text == '/')
        *absolute = true;
    path->length = 0;
    while (*text) {
        size_t length = strcspn(text, "/");
        enum tar_error error = component_append(path, text, length);
        if (error != TAR_OK)
            return error;
        text += length + (text[length] == '/');
    }
    if (path->length == 0 && buf_append_text(path, TAR_ROOT) != 0)
        return TAR_NO_MEMORY;
    return TAR_OK;
}

const char *tar_path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static unsigned rank(char byte)
{
    return byte == '\0' ? 0 : byte == '/' ? 1 : (unsigned char)byte + 1U;
}

int tar_path_compare_start(const char *a, const char *b, size_t length)
{
    size_t same = 0;
    while (same < length && a[same] == b[same])
        same++;
    unsigned left = rank(a[same]), right = same < length ? rank(b[same]) : 0;
    return (left > right) - (left < right);
}

int tar_path_compare(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return (rank(*a) > rank(*b)) - (rank(*a) < rank(*b));
}
