#include "list_json.h"

#include "json.h"
#include "whiteout.h"

#include <inttypes.h>
#include <string.h>

static int append_xattrs(struct buf *out, const struct xattrs *xattrs)
{
    if (xattrs->count == 0)
        return 0;
    int result = buf_append_text(out, ",\"xattrs\":{");
    for (size_t i = 0; result == 0 && i < xattrs->count; i++) {
        struct xattr xattr = xattrs_get(xattrs, i);
        if ((i > 0 && buf_append(out, ",", 1) != 0) || json_append_string(out, xattr.name) != 0 ||
            buf_append(out, ":", 1) != 0 || json_append_base64(out, xattr.value, xattr.length) != 0)
            result = -1;
    }
    return result == 0 ? buf_append(out, "}", 1) : -1;
}

static int append_extras(struct buf *out, const struct tar_entry *entry)
{
    enum whiteout whiteout = whiteout_parse(entry->path, NULL);
    if (entry->link &&
        (buf_append(out, ",", 1) != 0 || json_append_name(out, "link", entry->link) != 0))
        return -1;
    if ((entry->type == TAR_CHAR || entry->type == TAR_BLOCK) &&
        buf_append_format(out, ",\"device\":[%" PRIu32 ",%" PRIu32 "]", entry->major,
                          entry->minor) != 0)
        return -1;
    if (whiteout == WHITEOUT_ENTRY && buf_append_text(out, ",\"whiteout\":true") != 0)
        return -1;
    if (whiteout == WHITEOUT_OPAQUE && buf_append_text(out, ",\"opaque\":true") != 0)
        return -1;
    return append_xattrs(out, &entry->xattrs);
}

int list_json_append(struct buf *out, const struct tar_entry *entry)
{
    /* In the order of enum tar_type. */
    static const char *const types[] = {"file",  "hardlink",  "symlink", "char",
                                        "block", "directory", "fifo"};
    if (buf_append(out, "{", 1) != 0 || json_append_name(out, "path", entry->path) != 0)
        return -1;
    if (buf_append_format(out,
                          ",\"type\":\"%s\",\"mode\":\"%04" PRIo32 "\",\"uid\":%" PRIu32
                          ",\"gid\":%" PRIu32 ",\"size\":%" PRIu64 ",",
                          types[entry->type], entry->mode, entry->uid, entry->gid,
                          entry->size) != 0)
        return -1;
    if (buf_append_format(out, "\"mtime\":[%" PRId64 ",%" PRIu32 "]", entry->mtime.seconds,
                          entry->mtime.nanoseconds) != 0)
        return -1;
    return append_extras(out, entry) == 0 ? buf_append(out, "}", 1) : -1;
}
